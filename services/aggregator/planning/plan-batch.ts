import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import { unreadEvent } from '../events/document-event.ts'
import type { KnownDocument } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { createOutputNames, tooLongName } from '../../outputs/files/output-names.ts'
import { createDecider, documentIdOf, type Decision } from './plan-file.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import { outcomeOf, recordPlan, type WalkProblem, type ToRead } from './record-plan.ts'
import type { RunProgress } from '../progress/run-progress.ts'
import type { Found } from '../folders/walk.ts'

interface Deps {
  ledger: Ledger
  queue: Pick<PageQueue, 'add'>
  publisher: Pick<Publisher, 'publish'>
  /** Ends the planning. */
  signal?: AbortSignal
  /** Retries work that a full disk rejects: it must not end a run. */
  patiently?: <T>(work: () => T | Promise<T>) => Promise<T>
}

/** Files of one batch, by action. */
interface Sorted {
  toRead: ToRead[]
  restored: KnownDocument[]
  problems: WalkProblem[]
}

/**
 * Compares a batch of files with the ledger, commits the plan, and only then adds jobs to the queue. Calls `putOff`
 * with files that cannot be decided yet: their last reading is being written, or the ledger has changed since the
 * comparison.
 */
export function createBatchPlanner(
  deps: Deps,
  run: FolderRun,
  progress: RunProgress,
  putOff: (found: Found) => void,
) {
  const { ledger, queue, publisher, signal, patiently = async (work) => work() } = deps
  const { dryRun, formats, onExists } = run.request
  const names = createOutputNames(ledger, run.request)
  let known: ReadonlyMap<string, KnownDocument> = new Map()
  const decide = createDecider(run, (id) => known.get(id))

  const sort = async (batch: readonly Found[]): Promise<Sorted> => {
    const sorted: Sorted = { toRead: [], restored: [], problems: [] }
    for (const found of batch) {
      if ('problem' in found) {
        const before = known.get(documentIdOf(run, found.path))
        if (before?.state === 'read' && before.runId !== run.id) putOff(found)
        // Read or reported before the aggregator was restarted, so it is counted already.
        else if (before?.runId !== run.id || before.state === 'planned') sorted.problems.push(found)
        continue
      }
      const decision = await decide(found.path, found.stat)
      if (decision.action === 'read') sorted.toRead.push(decision)
      else if (decision.action === 'restore') sorted.restored.push(decision.row)
      else if (decision.action === 'skip') tellSkipped(progress, decision)
      else if (decision.action === 'putOff' && dryRun) progress.passed('unchanged')
      else if (decision.action === 'putOff') putOff(found)
    }
    return sorted
  }

  /** Before any document is planned that may write. A claim whose document is never planned does no harm. */
  const claimNames = ({ toRead, restored, problems }: Sorted): Sorted & { existing: number } =>
    ledger.transaction(() => {
      let existing = 0
      // The publisher skips formats that they may not write.
      for (const row of restored) names.admit(row, formats, !dryRun)
      const taken: WalkProblem[] = []
      const admitted = toRead.filter(({ plan }) => {
        const message = tooLongName(plan.path, formats)
        if (message !== undefined) {
          taken.push({ path: plan.path, problem: { code: 'output_conflict', message } })
          return false
        }
        const admission = names.admit(plan, formats, !dryRun)
        if (admission.isAdmitted) return true
        if (onExists === 'skip') existing += 1
        else taken.push({ path: plan.path, problem: refusalOf(admission.taken) })
        return false
      })
      return { toRead: admitted, restored, problems: [...problems, ...taken], existing }
    })

  return async (batch: readonly Found[]): Promise<void> => {
    known = ledger.documents.getMany(batch.map(({ path }) => documentIdOf(run, path)))
    const sorted = await sort(batch)
    const { toRead, restored, problems, existing } = await patiently(() => claimNames(sorted))
    for (let count = 0; count < existing; count += 1) progress.passed('existing')
    if (dryRun) {
      progress.planned(toRead.length + problems.length)
      progress.expectsMore(toRead.map(({ plan }) => plan.bytes))
      for (const { id } of restored) tellRestored(deps, run, progress, id)
      for (const { path, problem } of problems) tellProblem(run, progress, path, problem)
      return
    }
    // Otherwise a long page that is begun last would keep one worker busy while the others are idle.
    const largestFirst = toRead.toSorted((a, b) => b.plan.bytes - a.plan.bytes)
    const plan = () => recordPlan(ledger, run, largestFirst, problems, known)
    const recorded = await patiently(plan)
    for (const found of recorded.stale) putOff(found)
    progress.planned(recorded.entered)
    for (const { path, problem } of recorded.refused) tellProblem(run, progress, path, problem)
    await queue.add(recorded.jobs)
    const again = restored.map(({ id }) => id)
    const { written, failed, lost } = await patiently(() => publisher.publish(again, run, signal))
    for (const id of written) tellRestored(deps, run, progress, id)
    for (const id of failed) tellUnwritable(deps, progress, id)
    progress.planned(lost.length)
  }
}

function tellSkipped(
  progress: RunProgress,
  { row, failed }: Extract<Decision, { action: 'skip' }>,
): void {
  if (!failed) return progress.passed('unchanged')
  const error = row.error ?? { code: 'internal', message: '' }
  progress.passed('failedEarlier', unreadEvent(row.path, row.id, 'skipped_unchanged', error))
}

function tellProblem(
  run: FolderRun,
  progress: RunProgress,
  path: string,
  problem: WalkProblem['problem'],
): void {
  progress.ended(unreadEvent(path, documentIdOf(run, path), outcomeOf(problem), problem))
}

const refusalOf = (taken: readonly Unavailable[]): WalkProblem['problem'] => ({
  code: 'output_exists',
  message: taken.map(({ message }) => message).join('; '),
})

/** It was read earlier, and its output could not be written again. */
function tellUnwritable({ ledger }: Deps, progress: RunProgress, id: string): void {
  const row = ledger.documents.get(id)
  if (row !== undefined) tellSkipped(progress, { action: 'skip', row, failed: true })
}

/**
 * Documents that are written again from the ledger were read before; formats that still cannot be written are reported
 * again.
 */
function tellRestored({ ledger }: Deps, run: FolderRun, progress: RunProgress, id: string): void {
  progress.passed('unchanged')
  const row = run.request.dryRun ? undefined : ledger.documents.get(id)
  const { unavailable = [] } = row ?? {}
  if (row === undefined || unavailable.length === 0) progress.passed('restored')
  else progress.told({ ...unreadEvent(row.path, id, 'skipped_unchanged', null), unavailable })
}
