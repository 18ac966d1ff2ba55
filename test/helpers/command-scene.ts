import assert from 'node:assert/strict'
import { join } from 'node:path'
import { startRun, type ActiveRun } from '../../services/aggregator/active-run.ts'
import { createCommandHandler } from '../../services/aggregator/command-handler.ts'
import { toEnding } from '../../services/aggregator/document-event.ts'
import type { DocumentState } from '../../services/aggregator/ledger/documents.ts'
import type { Run } from '../../services/aggregator/ledger/runs.ts'
import { createPlanner } from '../../services/aggregator/planner.ts'
import type { Redis } from '../../shared/redis.ts'
import { makeFolder, writeOld, type Ending } from './folder.ts'
import { rowOf } from './ledger.ts'
import { silent } from './private-redis.ts'
import { makeRecording } from './recording.ts'
import { failedReport, makeRequest, pageReport } from './records.ts'
import { waitFor } from './wait.ts'

/** A handler of commands, wired as in the aggregator, and a folder of pages. */
export function makeCommandScene(ending: Ending, redis: Redis, names: readonly string[] = []) {
  const recording = makeRecording(ending, redis)
  const { ledger, queue, publisher, documents, listeners, absorb } = recording
  const root = makeFolder(ending)
  const out = makeFolder(ending)
  for (const name of names) writeOld(join(root, name))
  const active = new Map<string, ActiveRun>()
  const ended: [string, string][] = []
  const began: string[] = []
  const announcer = {
    documentFinal: () => undefined,
    runEnded: ({ id }: Run, state: string) => void ended.push([id, state]),
  }
  const plan = createPlanner({ ledger, queue, publisher, window: 100 })
  const go = (run: Run): void => {
    began.push(run.id)
    const onEnd = (id: string): void => void active.delete(id)
    active.set(run.id, startRun({ ...recording, announcer, plan, onEnd, log: silent }, run))
  }
  ending.after(() => Promise.all([...active.values()].map((run) => run.stop())))
  listeners.onFinal = (ids) => {
    for (const id of ids) {
      const row = rowOf(ledger, id)
      active.get(row.run_id)?.progress.ended(toEnding(row, ledger.pages.summary(id)))
    }
    for (const run of active.values()) run.endIfDone()
  }
  const started: string[] = []
  let wakes = 0
  const handle = createCommandHandler({
    ledger,
    active,
    starter: async ({ runId }) => void started.push(runId),
    interrupt: (run) => run.interrupt(),
    go,
    documents,
    wake: () => void (wakes += 1),
  })
  const isPlanned = (runId = 'r1'): Promise<unknown> =>
    waitFor('all is planned', () => active.get(runId)?.progress.snapshot().planningDone)
  /** Begins a run of the folder, and waits until all of it is planned. */
  const beginRun = async (runId = 'r1'): Promise<void> => {
    const request = makeRequest({ runId, root, out })
    ledger.runs.add(request, 'fp')
    const run = ledger.runs.get(runId)
    assert.ok(run)
    go(run)
    await isPlanned(runId)
  }
  /** Reports about every planned document of a run: `bad…` fails, the rest is read. */
  const readAll = async (runId = 'r1'): Promise<void> => {
    const rows = ledger.documents.idsInState(runId, 'planned').map((id) => rowOf(ledger, id))
    await absorb(
      rows.map(({ id: documentId, job_id: jobId, path }) =>
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
    active,
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
