import { toError } from '../../shared/errors.ts'
import type { Logger } from '../../shared/logger.ts'
import { createParser, jobSchema, type WorkerReport } from '../../shared/messages.ts'
import type { PageQueue, QueuedJob } from '../../shared/queue.ts'
import { missingJobs } from './document-jobs.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'

interface Deps {
  ledger: Ledger
  queue: PageQueue
  /** Enters what the failed set tells, like a report from a worker. */
  absorb: (reports: readonly WorkerReport[]) => Promise<void>
  log: Logger
}

const chunk = 500
const parseJob = createParser('a failed job', jobSchema)

/**
 * Brings ledger and queue together again: jobs that BullMQ gave up without their processor saying so become
 * failures, and what the ledger planned and Redis no longer holds goes back on the queue. This, not Redis's own
 * persistence, is why nothing is lost: Redis may be wiped.
 */
export function createReconciler({ ledger, queue, absorb, log }: Deps) {
  const collectFailed = async (): Promise<void> => {
    const jobs = await queue.failed(chunk)
    if (jobs.length === 0) return
    const reports = jobs.flatMap((job) => {
      try {
        return [toReport(job)]
      } catch (thrown) {
        // Forgotten like the others: if the ledger planned it, it is added again as this version writes it.
        log.error({ jobId: job.id, err: toError(thrown) }, 'a failed job is not understood')
        return []
      }
    })
    await absorb(reports)
    for (const job of jobs) await job.remove()
  }

  const addMissing = async (ids: readonly string[]): Promise<void> => {
    const runs = new Map<string, Run | undefined>()
    const runOf = (id: string): Run | undefined => {
      if (!runs.has(id)) runs.set(id, ledger.runs.get(id))
      return runs.get(id)
    }
    for (let index = 0; index < ids.length; index += chunk) {
      const wanted = ids.slice(index, index + chunk).flatMap((id) => jobsOf(id, runOf))
      const present = await queue.present(wanted.map(({ jobId }) => jobId))
      const missing = wanted.filter(({ jobId }) => !present.has(jobId))
      if (missing.length === 0) continue
      log.info({ jobs: missing.length }, 'Redis no longer holds these jobs, adding them again')
      // A job whose result is just being collected is added again too; its worker sees that it has reported.
      await queue.add(missing)
    }
  }

  const jobsOf = (id: string, runOf: (id: string) => Run | undefined): QueuedJob[] => {
    const row = ledger.documents.get(id)
    const run = row && runOf(row.run_id)
    if (row?.state !== 'planned' || run === undefined) return [] // It has ended since the list was made.
    return missingJobs(run, row, row.pages_total === null ? [] : ledger.pages.states(id))
  }

  /** Looks after these folder runs, and after uploads. */
  return async (runs: readonly Run[]): Promise<void> => {
    await collectFailed()
    for (const run of runs) await addMissing(ledger.documents.idsInState(run.id, 'planned'))
    await addMissing(ledger.documents.openUploads())
  }
}

type FailedJob = Awaited<ReturnType<PageQueue['failed']>>[number]

function toReport(job: FailedJob): WorkerReport {
  const { documentId, page = null, pagesTotal = null } = parseJob(job.data)
  const message = `was given up by the queue: ${job.failedReason || 'no reason given'}`
  return {
    v: 1,
    kind: 'failed',
    jobId: job.id ?? '',
    documentId,
    page,
    pagesTotal,
    outcome: 'engine_crash',
    error: { code: 'worker_crash', message },
    attempts: job.attemptsMade,
    worker: job.processedBy ?? 'unknown',
    input: null,
  }
}
