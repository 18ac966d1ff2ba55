import { mayReadBetter } from '../../../shared/contract/result/page.ts'
import type { QueuedJob } from '../../../shared/redis/queue.ts'
import { documentJob, missingJobs, ofFolder, nextPass } from '../../ledger/document-jobs.ts'
import type { Document, KnownDocument, Plan } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { PageState } from '../../ledger/queries/page-states.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { documentIdOf, extentOf, planAgain, type Decision } from './plan-file.ts'
import type { Found } from '../folders/walk.ts'

export type ToRead = Extract<Decision, { action: 'read' }>
export type WalkProblem = Extract<Found, { problem: unknown }>

/** A batch's plan as the ledger accepted it. */
interface RecordedPlan {
  jobs: QueuedJob[]
  /** Number of documents that are new to this run. */
  entered: number
  /** Files that ended at once, and the reasons. */
  refused: WalkProblem[]
  /** Files whose documents have changed in the ledger in the meantime. */
  stale: Found[]
}

/** Commits the plan before any job is on the queue: every job on the queue is in the ledger. */
export function recordPlan(
  ledger: Ledger,
  run: FolderRun,
  toRead: readonly ToRead[],
  problems: readonly WalkProblem[],
  known: ReadonlyMap<string, KnownDocument>,
): RecordedPlan {
  const recorded: RecordedPlan = { jobs: [], entered: 0, refused: [], stale: [] }
  const entered = (id: string): void => {
    if (known.get(id)?.runId !== run.id) recorded.entered += 1
  }
  ledger.transaction(() => {
    for (const found of problems) {
      const id = documentIdOf(run, found.path)
      if (refuse(ledger, run, found, known.get(id))) {
        entered(id)
        recorded.refused.push(found)
      } else recorded.stale.push(found)
    }
    for (const decision of toRead) {
      const jobs = planOne(ledger, run, decision, known.get(decision.plan.id))
      const { id, path, stat } = decision.plan
      if (jobs === undefined) recorded.stale.push({ path, stat, changedMsAgo: 0 })
      else {
        entered(id)
        recorded.jobs.push(...jobs)
      }
    }
  })
  return recorded
}

/** The jobs that read a document; undefined where the decision is stale. */
function planOne(
  ledger: Ledger,
  run: FolderRun,
  { plan, mayHaveTwin }: ToRead,
  seen: KnownDocument | undefined,
): QueuedJob[] | undefined {
  const { documents, pages } = ledger
  const row = documents.get(plan.id)
  if (row?.pass !== seen?.pass || row?.state !== seen?.state) return undefined
  let next = plan
  if (row?.jobId === plan.jobId) {
    const ended = pages.states(plan.id)
    if (!isReadAgain(run, row, ended)) {
      return documents.adopt(row, run.id) ? missingJobs(run, row, ended) : undefined
    }
    // Workers know the ids of jobs that have reported, and do not read them again.
    next = { ...nextPass(row), runId: run.id }
  }
  const kept = planAgain(ledger, row, next, extentOf(run.request))
  if (kept === undefined) return undefined
  const planned = documents.get(plan.id)
  if (kept.length > 0 && planned !== undefined) return missingJobs(run, planned, kept)
  const mayBeKnown = mayHaveTwin && documents.hasSizeOf(plan.bytes, plan.fingerprint, plan.id)
  return [documentJob(run, ofFolder(next), mayBeKnown)]
}

/** Whether a run must read pages again that an earlier run has ended, in a document that it did not finish. */
function isReadAgain(
  { id, request }: FolderRun,
  { runId: owner }: Document,
  ended: readonly PageState[],
): boolean {
  const { force, retryFailed, retryWarned = false } = request
  return (
    owner !== id &&
    ended.some(
      ({ error, warnings }) =>
        force || (retryFailed && error !== null) || (retryWarned && mayReadBetter(warnings)),
    )
  )
}

/** Ends an unreadable document; false where the ledger has changed. */
function refuse(
  { documents, pages }: Ledger,
  run: FolderRun,
  { path, problem }: WalkProblem,
  seen: KnownDocument | undefined,
): boolean {
  const pass = (seen?.pass ?? 0) + 1
  const plan: Plan = {
    id: documentIdOf(run, path),
    runId: run.id,
    path,
    stat: '',
    bytes: 0,
    fingerprint: run.fingerprint,
    jobId: '',
    pass,
  }
  if (!documents.plan(plan, seen)) return false
  pages.clear(plan.id)
  return documents.fail(plan, outcomeOf(problem), problem)
}

/** A missing place for the output is no fault of the file itself. */
export const outcomeOf = ({ code }: WalkProblem['problem']): 'failed' | 'rejected' =>
  code === 'output_exists' || code === 'poison' ? 'failed' : 'rejected'
