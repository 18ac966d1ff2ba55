import type { Job } from '../../shared/messages.ts'
import { pagesWanted } from '../../shared/page-list.ts'
import { pageJobId, pagePriority, priorities, type QueuedJob } from '../../shared/queue.ts'
import type { DocumentRow, Plan } from './ledger/documents.ts'
import type { Run } from './ledger/runs.ts'

/** What of a document its job is made of. */
export type JobPlan = Plan & Pick<DocumentRow, 'is_upload' | 'sha256'>

/** A file that the planner came upon. */
export const ofFolder = (plan: Plan): JobPlan => ({ ...plan, is_upload: 0, sha256: null })

/** Builds the job that opens a planned document, and reads it where it has one page. */
export function documentJob(
  { request }: Pick<Run, 'request'>,
  plan: JobPlan,
  mayBeKnown: boolean,
): QueuedJob {
  const { root, follow, recipe, attempts, timeoutMs, requestId, priority = 'bulk' } = request
  const { id: documentId, run_id: runId, stat, fingerprint } = plan
  const job: Job = {
    v: 1,
    runId,
    documentId,
    root,
    // An upload lies in the spool under its hash, whatever its client called it.
    path: plan.is_upload === 1 ? (plan.sha256 ?? '') : plan.path,
    follow,
    stat,
    recipe,
    fingerprint,
    attempts,
    timeoutMs,
    mayBeKnown,
    ...(plan.is_upload === 1 && { name: plan.path }),
    ...(priority === 'interactive' && { isInteractive: true }),
    ...(requestId !== undefined && { requestId }),
  }
  return { jobId: plan.job_id, job, priority: priorities[priority] }
}

/** The jobs that an open document still needs: itself, or those of its pages that have not ended. */
export function missingJobs(
  run: Run,
  row: DocumentRow,
  ended: readonly { page: number }[],
): QueuedJob[] {
  const document = documentJob(run, row, false)
  const { jobId, job } = document
  const pagesTotal = row.pages_total ?? 1
  if (pagesTotal === 1) return [document]
  const done = new Set(ended.map(({ page }) => page))
  const pages = pagesWanted(run.request.recipe.pages, pagesTotal)
  // A document of which one page is wanted is no more than that page.
  if (pages.length === 1) return [document]
  return pages
    .filter((page) => !done.has(page))
    .map((page) => ({
      jobId: pageJobId(jobId, page),
      job: { ...job, page, pagesTotal },
      priority: pagePriority(job),
    }))
}
