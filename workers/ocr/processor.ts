import pRetry from 'p-retry'
import { ScriptoriumError, systemCode, toError, type ErrorCode } from '../../shared/errors.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Job, WorkerReport } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Reporter } from '../../shared/results.ts'
import type { Desk, createDesk } from './desk.ts'
import type { createReading, Delivery } from './reading.ts'

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
export type Ack = 'reported' | 'done before'

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
  const { redis, keys, reporter } = deps
  return async (jobId: string, job: Job, failedBefore: number): Promise<Ack> => {
    if (await reporter.isDone(jobId)) return 'done before'
    const crashes = Number((await redis.get(keys.begun(jobId))) ?? 0)
    const attempt = failedBefore + crashes + 1
    const delivery: Delivery = { jobId, job, attempt }
    const counted = (desk: Desk): Desk => countReadings(desk, redis, keys.begun(jobId))
    const report = await readOrExplain(deps, delivery, crashes, counted)
    // Refused while Redis is out of memory; the reading is done, so it is offered until it is taken.
    await pRetry(() => reporter.report(report), reportRetries)
    return 'reported'
  }
}

async function readOrExplain(
  { workerId, desk, read, log }: Deps,
  delivery: Delivery,
  crashes: number,
  counted: (desk: Desk) => Desk,
): Promise<WorkerReport> {
  const { jobId, job, attempt } = delivery
  try {
    if (crashes >= Math.max(job.attempts, fewestCrashes)) {
      const message = `its worker process died ${crashes} times while reading it`
      throw new ScriptoriumError('worker_crash', message)
    }
    if (crashes === 0) return await read(delivery, counted(desk))
    return await desk.alone((alone) => read(delivery, counted(alone)))
  } catch (thrown) {
    const failure = describeFailure(thrown)
    log.warn({ jobId, path: job.path, page: job.page, attempt, err: failure }, 'reading failed')
    const most = failure.code === 'page_timeout' ? mostTimeouts : job.attempts
    if (failure.retryable && attempt < Math.min(job.attempts, most)) throw failure
    return toReport(workerId, delivery, failure)
  }
}

/** Counts in Redis what is on the desk, so that a reading that takes its process down is known by its count. */
function countReadings(desk: Desk, redis: Redis, key: string): Desk {
  const counted: (turn: Desk['prepare']) => Desk['prepare'] = (turn) => (work) =>
    turn(async () => {
      await redis.multi().incr(key).expire(key, ttl.begun).exec()
      try {
        return await work()
      } finally {
        await redis.decr(key)
      }
    })
  return { prepare: counted(desk.prepare), read: counted(desk.read) }
}

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
      return 'timeout'
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
