import pRetry from 'p-retry'
import { ScriptoriumError, systemCode, toError, type ErrorCode } from '../../shared/errors.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Job, WorkerReport } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Reporter } from '../../shared/results.ts'
import type { Desk, createDesk } from './desk.ts'
import { labelOf, type createReading, type Delivery } from './reading.ts'

interface Deps {
  workerId: string
  redis: Redis
  keys: Keys
  reporter: Reporter
  desk: ReturnType<typeof createDesk>
  read: ReturnType<typeof createReading>
  log: Logger
}

/** How a delivery ended: all that goes back to BullMQ, which copies it into its event stream. */
export type Ack = 'reported' | 'done before' | 'cancelled'

type FailedReport = Extract<WorkerReport, { kind: 'failed' }>

/** Two timeouts of a page are enough to know: the engine is deterministic, the machine may have been busy once. */
const mostTimeouts = 2

/** The first death may be a neighbour's doing: only one that happens while a page is read alone tells. */
const fewestCrashes = 2

const reportRetries = { retries: Number.POSITIVE_INFINITY, minTimeout: 500, maxTimeout: 5_000 }

/**
 * Takes one delivery of a job from start to report. Deliveries repeat (a dead worker's jobs go to another), so it
 * ends at once where the job has reported, and counts readings that began and never ended against `attempts`.
 * Throws where BullMQ should try again later.
 */
export function createProcessor(deps: Deps) {
  const { reporter } = deps
  return async (
    jobId: string,
    job: Job,
    failedBefore: number,
    cancelling: AbortSignal,
  ): Promise<Ack> => {
    const { isDone, isCancelled, crashes } = await reporter.history(jobId)
    if (isDone) return 'done before'
    if (isCancelled) return 'cancelled'
    const attempt = failedBefore + crashes + 1
    const delivery: Delivery = { jobId, job, attempt, cancelling }
    const report = await readOrExplain(deps, delivery, crashes)
    // Refused while Redis is out of memory; the reading is done, so it is offered until it is taken.
    await pRetry(() => reporter.report(report), reportRetries)
    // One line for each page that a request of the API asked for; a run of the command line has none to be found by.
    if (job.requestId !== undefined) {
      const { requestId, documentId } = job
      deps.log.info({ documentId, page: labelOf(job), requestId, kind: report.kind }, 'reported')
    }
    return 'reported'
  }
}

async function readOrExplain(
  deps: Deps,
  delivery: Delivery,
  crashes: number,
): Promise<WorkerReport> {
  const { jobId, job, attempt } = delivery
  const count = countBeginning(deps.redis, deps.keys.begun(jobId), crashes)
  const desk = job.isInteractive === true ? deps.desk.interactive : deps.desk.bulk
  try {
    if (crashes >= Math.max(job.attempts, fewestCrashes)) {
      const message = `its worker process died ${crashes} times while reading it`
      throw new ScriptoriumError('worker_crash', message)
    }
    if (crashes === 0) return await deps.read(delivery, count.on(desk))
    return await deps.desk.alone((alone) => deps.read(delivery, count.on(alone)))
  } catch (thrown) {
    const failure = describeFailure(thrown)
    const { requestId } = job
    deps.log.warn({ jobId, page: labelOf(job), requestId, attempt, err: failure }, 'reading failed')
    const most = outcomeOf(failure.code) === 'timeout' ? mostTimeouts : job.attempts
    if (!failure.retryable || attempt >= Math.min(job.attempts, most)) {
      return toReport(deps.workerId, delivery, failure)
    }
    count.takeBack()
    throw failure
  }
}

/**
 * Counts in Redis that a reading began; its report deletes the count. So a reading that takes its process down is
 * known by what is left. The page beside it is counted too, once: from then on it is read alone.
 * Nothing here is waited for: what is on the socket reaches Redis even if this process dies at once.
 */
function countBeginning(redis: Redis, key: string, before: number) {
  const set = (count: number): void => {
    redis.set(key, count, 'EX', ttl.begun).catch(ignore)
  }
  return {
    on: ({ prepare, read }: Desk): Desk => ({
      read,
      prepare: (work) =>
        prepare(() => {
          set(before + 1)
          return work()
        }),
    }),
    takeBack: () => set(before),
  }
}

/** An outage costs a count, at most; the report that follows waits until Redis is back. */
const ignore = (): void => undefined

/** Whatever was thrown, as one of our codes. Lost connections and the like may well pass: they are retried. */
function describeFailure(thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  const { message } = toError(thrown)
  const isOdd = systemCode(thrown) === undefined
  return new ScriptoriumError('engine_failed', isOdd ? message : `reading failed: ${message}`, {
    cause: thrown,
  })
}

function toReport(
  worker: string,
  { jobId, job, attempt }: Delivery,
  { code, message }: ScriptoriumError,
): FailedReport {
  return {
    v: 1,
    kind: 'failed',
    jobId,
    documentId: job.documentId,
    outcome: outcomeOf(code),
    error: { code, message },
    attempts: attempt,
    worker,
    page: job.page ?? null,
    pagesTotal: job.pagesTotal ?? null,
    input: null,
  }
}

function outcomeOf(code: ErrorCode): FailedReport['outcome'] {
  switch (code) {
    case 'page_timeout':
    case 'decode_timeout':
      return 'timeout'
    case 'cancelled':
      return 'cancelled'
    case 'engine_crash':
    case 'worker_crash':
      return 'engine_crash'
    case 'engine_failed':
    case 'engine_boot_failed':
    case 'recipe_mismatch':
    case 'internal':
      return 'failed'
    default:
      return 'rejected'
  }
}
