import { toError } from '../../../shared/process/errors.ts'
import type { JobMarks } from '../../../shared/redis/job-marks.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { jobSchema } from '../../../shared/contract/messages/job.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import { upgradeJob } from '../../../shared/contract/schema/upgrades.ts'
import type { PageQueue, QueuedJob } from '../../../shared/redis/queue.ts'
import { missingJobs } from '../../ledger/document-jobs.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Run } from '../../ledger/runs.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

interface Deps {
  ledger: Ledger
  queue: PageQueue
  marks: JobMarks
  /** Records a job of the failed set, like a worker's report. */
  absorb: (reports: readonly WorkerReport[]) => Promise<void>
  log: Logger
}

const failedAtATime = 500
const jobsAtATime = 100
const parseJob = createParser('a failed job', jobSchema, upgradeJob)

/**
 * Reconciles ledger and queue: jobs that BullMQ failed without a report from their processor become failures, and
 * planned jobs that Redis has lost are added again. This, not Redis's own persistence, prevents any loss: Redis may be
 * wiped, and the ledger may be restored from a backup.
 */
export function createReconciler({ ledger, queue, marks, absorb, log }: Deps) {
  const collectFailed = async (): Promise<void> => {
    const jobs = await queue.failed(failedAtATime)
    if (jobs.length === 0) return
    const reports = jobs.flatMap((job) => {
      try {
        return [toReport(job)]
      } catch (thrown) {
        // Removed like the others: if the ledger planned it, it is added again in the form of this version.
        log.error({ jobId: job.id, err: toError(thrown) }, 'malformed failed job dropped')
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
    for (const { some, wanted } of inPieces(ids, runOf)) {
      const present = await queue.present(wanted.map(({ jobId }) => jobId))
      const absent = wanted.map(({ jobId }) => jobId).filter((jobId) => !present.has(jobId))
      const reporting = await marks.dropStale(absent)
      const missing = new Set(absent.filter((jobId) => !reporting.has(jobId)))
      // A report may have been recorded in the meantime: if it left the stream before the check of its mark, the ledger
      // has it now.
      const open = some.flatMap((id) => jobsOf(id, runOf)).filter(({ jobId }) => missing.has(jobId))
      if (open.length === 0) continue
      log.info({ jobs: open.length }, 'Redis no longer holds these jobs, adding them again')
      await queue.add(open)
    }
  }

  /** Groups documents that need at most `jobsAtATime` jobs together, or one that needs more. */
  function* inPieces(ids: readonly string[], runOf: (id: string) => Run | undefined) {
    let [some, wanted]: [string[], QueuedJob[]] = [[], []]
    for (const id of ids) {
      some.push(id)
      wanted.push(...jobsOf(id, runOf))
      if (some.length < jobsAtATime && wanted.length < jobsAtATime) continue
      yield { some, wanted }
      ;[some, wanted] = [[], []]
    }
    if (some.length > 0) yield { some, wanted }
  }

  const jobsOf = (id: string, runOf: (id: string) => Run | undefined): QueuedJob[] => {
    const row = ledger.documents.get(id)
    const run = row && runOf(row.runId)
    if (row?.state !== 'planned' || run === undefined) return [] // It has ended since the list was made.
    return missingJobs(run, row, row.pagesTotal === null ? [] : ledger.pages.states(id))
  }

  /** Documents are read themselves if they wait for another that will not end for them. */
  const releaseStranded = (): void =>
    ledger.transaction(() => {
      for (const row of ledger.documents.stranded()) ledger.documents.plan(nextPass(row), row)
    })

  /** Reconciles these folder runs, and all uploads. */
  return async (runs: readonly Run[]): Promise<void> => {
    await collectFailed()
    releaseStranded()
    for (const run of runs) await addMissing(ledger.documents.idsInState(run.id, 'planned'))
    await addMissing(ledger.documents.openUploads())
  }
}

type FailedJob = Awaited<ReturnType<PageQueue['failed']>>[number]

function toReport(job: FailedJob): WorkerReport {
  const { documentId, page = null, pagesTotal = null } = parseJob(job.data)
  const message = `failed in the queue: ${job.failedReason || 'no reason given'}`
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
