import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import picomatch from 'picomatch'
import type { RunEvent } from '../../shared/messages.ts'
import type { PageQueue, QueuedJob } from '../../shared/queue.ts'
import { statKey } from '../../shared/stat-key.ts'
import type { KnownDocument, Plan } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'
import { unavailableOf } from './document-event.ts'
import { documentJob, missingJobs, ofFolder } from './document-jobs.ts'
import { createDecider, documentIdOf, planAgain } from './plan-file.ts'
import type { Publisher } from './publisher.ts'
import type { RunProgress } from './run-progress.ts'
import { walk, type Found } from './walk.ts'

interface Deps {
  ledger: Ledger
  queue: PageQueue
  publisher: Publisher
  /** Most documents of a run on the queue at a time. */
  window: number
}

const batchSize = 500
/** A file that changed this recently may still be written: it is looked at again after a second. */
const recentMs = 2_000
const secondLookMs = 1_000

/** Walks a run's folder, compares it with the ledger, and keeps a bounded window of jobs on the queue. */
export function createPlanner(deps: Deps) {
  return async (run: Run, progress: RunProgress, signal: AbortSignal): Promise<void> => {
    const planBatch = createBatchPlanner(deps, run, progress)
    const recent: { path: string; stat: string }[] = []
    let batch: Found[] = []
    const flush = async (): Promise<void> => {
      // A dry run puts nothing on the queue, so nothing would ever make room.
      if (!run.request.dryRun) await progress.below(deps.window, signal)
      await planBatch(batch)
      batch = []
      await turn(undefined, { signal })
    }
    for (const found of walk(inputsOf(deps.ledger, run), walkOptions(run))) {
      progress.seen(1)
      if (
        'stat' in found &&
        Math.abs(found.changedMsAgo) < recentMs &&
        !isKnown(deps.ledger, run, found)
      ) {
        recent.push(found)
      } else batch.push(found)
      if (batch.length >= batchSize) await flush()
    }
    await flush()
    if (recent.length > 0) await delay(secondLookMs, undefined, { signal })
    for (let index = 0; index < recent.length; index += batchSize) {
      batch = recent
        .slice(index, index + batchSize)
        .flatMap((file) => secondLook(run, progress, file))
      await flush()
    }
    progress.planningDone()
  }
}

function inputsOf(ledger: Ledger, { id, request }: Run): string[] {
  return request.pathsInRedis ? ledger.runs.paths(id) : request.inputs
}

function walkOptions({ request }: Run) {
  const { root, includeHidden, follow, include, exclude } = request
  const included = include.map(toMatcher)
  const excluded = exclude.map(toMatcher)
  const isWanted = (path: string): boolean =>
    (included.length === 0 || included.some((matches) => matches(path))) &&
    !excluded.some((matches) => matches(path))
  return { root, includeHidden, follow, isWanted }
}

/** `*.png` means every PNG below, `a/*.png` those in `a`. */
function toMatcher(glob: string): (path: string) => boolean {
  // With `basename` picomatch compares names only, and a glob with a slash would match nothing.
  return picomatch(glob, { dot: true, nocase: true, basename: !glob.includes('/') })
}

/** A file that was final with this very stat is not being written, however recent it is. */
function isKnown(
  ledger: Ledger,
  run: Run,
  { path, stat }: { path: string; stat: string },
): boolean {
  const row = ledger.documents.get(documentIdOf(run, path))
  return row?.state === 'final' && row.stat === stat
}

function secondLook(
  run: Run,
  progress: RunProgress,
  file: { path: string; stat: string },
): Found[] {
  const absolute = join(run.request.root, file.path)
  const look = run.request.follow ? statSync : lstatSync
  const now = look(absolute, { bigint: true, throwIfNoEntry: false })
  if (now !== undefined && statKey(now) === file.stat) return [{ ...file, changedMsAgo: recentMs }]
  const message = 'is still being written; the next run reads it'
  const error = { code: 'unstable', message }
  progress.passed('unstable', toEvent(file.path, null, 'unstable', error))
  return []
}

function createBatchPlanner(deps: Deps, run: Run, progress: RunProgress) {
  const { ledger, queue, publisher } = deps
  let known: ReadonlyMap<string, KnownDocument> = new Map()
  const decide = createDecider(run, (id) => known.get(id))
  return async (batch: readonly Found[]): Promise<void> => {
    known = ledger.documents.getMany(batch.map(({ path }) => documentIdOf(run, path)))
    const jobs: { plan: Plan; mayHaveTwin: boolean }[] = []
    const restored: string[] = []
    const problems: Extract<Found, { problem: unknown }>[] = []
    for (const found of batch) {
      if ('problem' in found) {
        const before = known.get(documentIdOf(run, found.path))
        // Told before the aggregator was restarted, it is counted already.
        if (before?.run_id !== run.id || before.state !== 'final') problems.push(found)
        continue
      }
      const decision = await decide(found.path, found.stat)
      if (decision.action === 'read') jobs.push(decision)
      if (decision.action === 'restore') restored.push(decision.row.id)
      if (decision.action !== 'skip') continue
      const { row } = decision
      if (decision.failed) {
        const error = { code: row.error_code ?? 'internal', message: row.error_message ?? '' }
        progress.passed('failedEarlier', toEvent(row.path, row.id, 'skipped_unchanged', error))
      } else progress.passed('unchanged')
    }
    if (!run.request.dryRun) {
      // A long page begun last would be read while the other workers have nothing left to do.
      const largestFirst = jobs.toSorted((a, b) => b.plan.bytes - a.plan.bytes)
      const queued = record(deps, run, largestFirst, problems)
      await queue.add(queued)
      await publisher.publish(restored, run)
    }
    progress.planned(jobs.length + problems.length)
    for (const id of restored) tellRestored(deps, run, progress, id)
    for (const { path, problem } of problems) {
      progress.ended(toEvent(path, documentIdOf(run, path), 'rejected', problem))
    }
  }
}

/** What is written again from the ledger was read before; of what still cannot be written it is told once more. */
function tellRestored({ ledger }: Deps, run: Run, progress: RunProgress, id: string): void {
  progress.passed('unchanged')
  const row = run.request.dryRun ? undefined : ledger.documents.get(id)
  const { unavailable } = row === undefined ? {} : unavailableOf(row)
  if (row === undefined || unavailable === undefined) progress.passed('restored')
  else progress.told({ ...toEvent(row.path, id, 'skipped_unchanged', null), unavailable })
}

/** Commits the plan before any job is on the queue: what is on the queue is always in the ledger. */
function record(
  { ledger }: Deps,
  run: Run,
  jobs: readonly { plan: Plan; mayHaveTwin: boolean }[],
  problems: readonly Extract<Found, { problem: unknown }>[],
): QueuedJob[] {
  return ledger.transaction(() => {
    for (const { path, problem } of problems) {
      const id = documentIdOf(run, path)
      const identity = { id, run_id: run.id, path, stat: '', bytes: 0 }
      ledger.documents.plan({ ...identity, fingerprint: run.fingerprint, job_id: '', pass: 1 })
      ledger.documents.fail(id, 'rejected', problem)
      ledger.pages.clear(id)
    }
    return jobs.flatMap(({ plan, mayHaveTwin }) => {
      const known = ledger.documents.get(plan.id)
      if (known?.job_id === plan.job_id) {
        ledger.documents.adopt(plan.id, run.id)
        return missingJobs(run, known, ledger.pages.states(plan.id))
      }
      const kept = planAgain(ledger, known, plan, run.request.force)
      const planned = ledger.documents.get(plan.id)
      if (kept.length > 0 && planned !== undefined) return missingJobs(run, planned, kept)
      const mayBeKnown =
        mayHaveTwin && ledger.documents.hasSizeOf(plan.bytes, plan.fingerprint, plan.id)
      return [documentJob(run, ofFolder(plan), mayBeKnown)]
    })
  })
}

function toEvent(
  path: string,
  documentId: string | null,
  outcome: RunEvent['outcome'],
  error: RunEvent['error'],
): Omit<RunEvent, 'seq'> {
  return { path, documentId, outcome, pages: 0, confidence: null, ms: 0, error }
}
