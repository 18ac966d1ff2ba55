import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startRun } from '../../../services/aggregator/runs/active-run.ts'
import { createActiveRuns } from '../../../services/aggregator/runs/active-runs.ts'
import { createCommandHandler } from '../../../services/aggregator/commands/command-handler.ts'
import type { DocumentState } from '../../../services/ledger/document.ts'
import type { Run } from '../../../services/ledger/runs.ts'
import { createRunEnds } from '../../../services/aggregator/runs/run-ends.ts'
import { createPlanner } from '../../../services/aggregator/planning/planner.ts'
import { rewriteOutputs } from '../../../services/outputs/publish/rewrite-outputs.ts'
import { createRunResumer } from '../../../services/aggregator/runs/run-resumer.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createMemoryGauge, memoryMarks } from '../../../shared/redis/connection/redis-memory.ts'
import { makeFolder, writeOld, type Ending } from '../folder.ts'
import { rowOf } from '../ledger/ledger.ts'
import { silent } from './private-redis.ts'
import { makeRecording } from '../ledger/recording.ts'
import { engine, failedReport, makeRequest, pageReport } from '../ledger/records.ts'
import { waitFor } from '../wait.ts'

/** A handler of commands, wired as in the aggregator, and a folder of pages. */
export function makeCommandScene(ending: Ending, redis: Redis, names: readonly string[] = []) {
  const recording = makeRecording(ending, redis)
  const { ledger, queue, publisher, documents, listeners, absorb } = recording
  const root = makeFolder(ending)
  const out = makeFolder(ending)
  for (const name of names) writeOld(join(root, name))
  const ended: [string, string][] = []
  const began: string[] = []
  const announcer = {
    documentFinal: () => undefined,
    runsAtATime: () => 3,
    tellRest: async () => undefined,
    runEnded: ({ id }: Run, state: string) => void ended.push([id, state]),
  }
  const ends = createRunEnds({ ...recording, announcer, log: silent })
  const plan = createPlanner({
    ledger,
    queue,
    publisher,
    window: 100,
    memory: createMemoryGauge(redis, memoryMarks.planner),
    log: silent,
  })
  const pdfPasswordOf = async () => undefined
  const parts = { ...recording, ends, pdfPasswordOf, plan, log: silent, outages: silent }
  const runs = createActiveRuns({
    ledger,
    queue,
    start(run, onEnd) {
      began.push(run.id)
      return startRun({ ...parts, onEnd }, run)
    },
  })
  const { active } = runs
  ending.after(() => runs.stop())
  listeners.onFinal = (ids) => {
    runs.ended(ids)
    runs.endIfDone()
  }
  const started: string[] = []
  let wakes = 0
  const handle = createCommandHandler({
    ledger,
    runs,
    cancelWriting: () => undefined,
    tellRest: () => announcer.tellRest(),
    starter: async ({ runId }) => void started.push(runId),
    resume: createRunResumer({ ...runs, ledger, identities: async () => engine, log: silent }),
    documents,
    rewrite: (ids) => rewriteOutputs(ledger, publisher, ids),
    redelivered: () => void (wakes += 1),
  })
  const isPlanned = (runId = 'r1'): Promise<unknown> =>
    waitFor('all is planned', () => active.get(runId)?.progress.snapshot().planningDone)
  /** Begins a run of the folder, and waits until all of it is planned. */
  const beginRun = async (runId = 'r1'): Promise<void> => {
    const request = makeRequest({ runId, root, out })
    ledger.runs.add(request, 'fp')
    const run = ledger.runs.getFolder(runId)
    assert.ok(run)
    runs.begin(run)
    await isPlanned(runId)
  }
  /** Reports about every planned document of a run: `bad…` fails, the rest is read. */
  const readAll = async (runId = 'r1'): Promise<void> => {
    const rows = ledger.documents.idsInState(runId, 'planned').map((id) => rowOf(ledger, id))
    await absorb(
      rows.map(({ id: documentId, jobId, path }) =>
        (path.startsWith('bad') ? failedReport : pageReport)({ jobId, documentId }),
      ),
    )
  }
  const endOf = (runId: string): Promise<unknown> =>
    waitFor(`the end of ${runId}`, () => !active.has(runId))
  const pathsOf = (state: DocumentState): string[] =>
    ledger.documents
      .idsInState('r1', state)
      .map((id) => rowOf(ledger, id).path)
      .toSorted()
  const outcomes = (runId = 'r1') => Object.fromEntries(ledger.documents.countFinal(runId))
  return {
    ...recording,
    root,
    out,
    active,
    runs,
    announcer,
    ended,
    began,
    started,
    handle,
    beginRun,
    isPlanned,
    readAll,
    endOf,
    outcomes,
    pathsOf,
    wakes: () => wakes,
  }
}
