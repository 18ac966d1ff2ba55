import { jobIdOf } from '../../shared/contract/ids.ts'
import { sizeOf } from '../../shared/files/stat-key.ts'
import type { Job } from '../../shared/contract/messages/job.ts'
import { pagesWanted } from '../../shared/contract/page-list.ts'
import { bands } from '../../shared/redis/fair-turns.ts'
import { pageBand, pageJobId, type QueuedJob } from '../../shared/redis/queue.ts'
import type { Document, Plan, Provenance } from './document.ts'
import type { Run } from './runs.ts'

/** The part of a document that its job is made of. */
type JobPlan = Plan & Provenance

/** A file that the planner found. */
export const ofFolder = (plan: Plan): JobPlan => ({ ...plan, origin: 'folder' })

/** Builds the job that opens a planned document, and reads it where it has one page. */
export function documentJob(
  { request }: Pick<Run, 'request'>,
  plan: JobPlan,
  mayBeKnown: boolean,
): QueuedJob {
  const { root, recipe, attempts, timeoutMs, requestId, priority = 'bulk' } = request
  const { id: documentId, runId, fingerprint } = plan
  const job: Job = {
    v: 1,
    runId,
    documentId,
    root,
    // The spool names an upload by its hash, independent of the client's name.
    ...(plan.origin === 'upload'
      ? { path: plan.sha256, name: plan.path }
      : { path: plan.path, stat: plan.stat }),
    follow: request.source === 'folder' && request.follow,
    recipe,
    fingerprint,
    attempts,
    timeoutMs,
    mayBeKnown,
    ...(priority === 'interactive' && { isInteractive: true }),
    ...(requestId !== undefined && { requestId }),
  }
  return { jobId: plan.jobId, job, band: bands[priority], caller: request.requestedBy }
}

/** The jobs that an open document still needs: its own, or those of its unfinished pages. */
export function missingJobs(
  run: Run,
  row: Document,
  ended: readonly { page: number }[],
): QueuedJob[] {
  const document = documentJob(run, row, false)
  const { jobId, job, caller } = document
  const pagesTotal = row.pagesTotal ?? 1
  if (pagesTotal === 1) return [document]
  const done = new Set(ended.map(({ page }) => page))
  const pages = pagesWanted(run.request.recipe.pages, pagesTotal)
  // If only one page is selected, the document's job reads it.
  if (pages.length === 1) return [document]
  return pages
    .filter((page) => !done.has(page))
    .map((page) => ({
      jobId: pageJobId(jobId, page),
      job: { ...job, page, pagesTotal },
      band: pageBand(job),
      caller,
    }))
}

/** All job ids of a document on the queue: its own and those of its pages. */
export function jobIdsOf({
  jobId,
  pagesTotal: total,
}: Pick<Document, 'jobId' | 'pagesTotal'>): string[] {
  const pageIds = Array.from({ length: total ?? 0 }, (_, index) => pageJobId(jobId, index + 1))
  return [jobId, ...pageIds]
}

/** The next reading of a document, under a new job id; `stat` if the file has changed since. */
export function nextPass(row: Document, stat: string = row.stat): JobPlan {
  const { id, runId, path, fingerprint } = row
  const bytes = stat === row.stat ? row.bytes : sizeOf(stat)
  const pass = row.pass + 1
  const jobId = jobIdOf(id, stat, fingerprint, pass)
  const plan = { id, runId, path, stat, bytes, fingerprint, pass, jobId }
  if (row.origin === 'folder') return { ...plan, origin: row.origin }
  return { ...plan, origin: row.origin, sha256: row.sha256 }
}
