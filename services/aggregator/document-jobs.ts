import type { Job } from '../../shared/messages.ts'
import { pageJobId, priorities, type QueuedJob } from '../../shared/queue.ts'
import type { DocumentRow, Plan } from './ledger/documents.ts'
import type { Run } from './ledger/runs.ts'

/** Builds the job that opens a planned document, and reads it where it has one page. */
export function documentJob({ request }: Run, plan: Plan, mayBeKnown: boolean): QueuedJob {
  const { root, follow, recipe, attempts, timeoutMs } = request
  const { id: documentId, run_id: runId, path, stat, fingerprint } = plan
  const job: Job = {
    v: 1,
    runId,
    documentId,
    root,
    path,
    follow,
    stat,
    recipe,
    fingerprint,
    attempts,
    timeoutMs,
    mayBeKnown,
  }
  return { jobId: plan.job_id, job, priority: priorities.bulk }
}

/** The jobs that an open document still needs: itself, or those of its pages that have not ended. */
export function missingJobs(
  run: Run,
  row: DocumentRow,
  ended: readonly { page: number }[],
): QueuedJob[] {
  const { jobId, job } = documentJob(run, row, false)
  const pagesTotal = row.pages_total ?? 1
  if (pagesTotal === 1) return [{ jobId, job, priority: priorities.bulk }]
  const done = new Set(ended.map(({ page }) => page))
  const pages = Array.from({ length: pagesTotal }, (_, index) => index + 1)
  return pages
    .filter((page) => !done.has(page))
    .map((page) => ({
      jobId: pageJobId(jobId, page),
      job: { ...job, page, pagesTotal },
      priority: priorities.page,
    }))
}
