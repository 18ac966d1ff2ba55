import { causeOf } from '../../../shared/process/causes.ts'
import {
  ScriptoriumError,
  systemCode,
  toError,
  type ErrorCode,
} from '../../../shared/process/errors.ts'
import { maxDeaths } from '../../../shared/hands/suspects.ts'
import { retryLabelOf } from '../../../shared/contract/measures.ts'
import type { Timings } from '../../../shared/contract/result/page.ts'
import { untraced, type Tracer } from '../../../shared/tracing/tracer.ts'
import { toSpan } from './page-span.ts'
import { unmeasured, type Measures } from '../../../shared/redis/measures.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Job } from '../../../shared/contract/messages/job.ts'
import type { WorkerReport } from '../../../shared/contract/messages/worker-report.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { documentJobId } from '../../../shared/redis/queue.ts'
import type { JobHistory, Reporter } from '../../../shared/redis/result-stream.ts'
import type { Desk, createDesk } from './desk.ts'
import { isWithoutBytes } from '../open/blobs/refusals.ts'
import { labelOf, type createReading, type JobDelivery } from './reading.ts'

interface Deps {
  workerId: string
  redis: Redis
  keys: Keys
  reporter: Reporter
  desk: ReturnType<typeof createDesk>
  read: ReturnType<typeof createReading>
  /** Repeats work that Redis rejects until it succeeds. */
  persistently: <T>(work: () => Promise<T>) => Promise<T>
  measures?: Pick<Measures, 'observe' | 'count'>
  tracer?: Tracer
  log: Logger
}

/** Result of a delivery: all that goes back to BullMQ, which copies it into its event stream. */
export type Ack = 'reported' | 'done before' | 'cancelled' | 'to be planned again'

type FailedReport = Extract<WorkerReport, { kind: 'failed' }>

/** Two timeouts of a page are enough: the engine is deterministic, and the machine may have been busy once. */
const maxTimeouts = 2

/**
 * A document is set aside after this many of its pages crashed their worker: otherwise one book could end thousands.
 */
const maxCrashedPages = 3

/**
 * Processes one delivery of a job up to its report. Deliveries repeat (the jobs of a dead worker go to another), so it
 * returns at once if the job has reported, and gives up a page that has killed several workers. A neighbour may have
 * caused the first death, so from then on the page is read alone. Throws where BullMQ should retry later.
 */
export function createProcessor(deps: Deps) {
  const { reporter, persistently, measures = unmeasured, tracer = untraced } = deps
  return async (
    jobId: string,
    job: Job,
    failedBefore: number,
    cancelling: AbortSignal,
  ): Promise<Ack> => {
    const { isDone, isCancelled, ...past } = await persistently(() => reporter.history(jobId))
    if (isDone) return 'done before'
    if (isCancelled) return 'cancelled'
    const attempt = failedBefore + past.crashes + 1
    const delivery: JobDelivery = { jobId, job, attempt, cancelling }
    const startMs = Date.now()
    const report = await readOrExplain(deps, delivery, past)
    // The page has been read, so the report is repeated until Redis accepts it.
    await persistently(() => reporter.report(report))
    tracer.add(toSpan(delivery, report, startMs))
    if (report.kind === 'page') observeStages(measures, report.result.timings)
    // One line for each page that an API request submitted; a run of the command line has no request id.
    if (job.requestId !== undefined) {
      const { requestId, documentId } = job
      deps.log.info(
        { documentId, page: labelOf(job), requestId, kind: report.kind },
        'result reported',
      )
    }
    return 'reported'
  }
}

/** A page without a stage, such as one whose text comes from a layer, does not count there. */
function observeStages(measures: Pick<Measures, 'observe'>, timings: Timings): void {
  const { openMs, prepareMs, recogniseMs } = timings
  for (const [stage, ms] of [
    ['open', openMs],
    ['prepare', prepareMs],
    ['recognise', recogniseMs],
  ] as const)
    if (ms > 0) measures.observe('stage', stage, ms / 1_000)
}

async function readOrExplain(
  deps: Deps,
  delivery: JobDelivery,
  past: Pick<JobHistory, 'crashes' | 'crashedPages'>,
): Promise<WorkerReport> {
  const { jobId, job, attempt } = delivery
  const { crashes } = past
  const count = countBeginning(deps.redis, deps.keys.begun(jobId), crashes)
  const desk = job.isInteractive === true ? deps.desk.interactive : deps.desk.bulk
  try {
    await refuseCrashing(deps, delivery, past)
    if (crashes === 0) return await deps.read(delivery, count.on(desk))
    return await deps.desk.alone((alone) => deps.read(delivery, count.on(alone)))
  } catch (thrown) {
    const failure = describeFailure(thrown)
    if (isWithoutBytes(failure)) {
      count.takeBack()
      throw failure
    }
    const { requestId } = job
    deps.log.warn({ jobId, page: labelOf(job), requestId, attempt, err: failure }, 'reading failed')
    const maxAttempts = outcomeOf(failure.code) === 'timeout' ? maxTimeouts : job.attempts
    if (!failure.retryable || attempt >= Math.min(job.attempts, maxAttempts)) {
      return toReport(deps.workerId, delivery, failure)
    }
    count.takeBack()
    const { measures = unmeasured } = deps
    measures.count('retry', retryLabelOf(failure.code))
    tellRetry(deps, delivery, failure)
    throw failure
  }
}

const cure = '/retry or --retry-failed reads it again'

/** Throws `poison` where another attempt would most likely crash another worker. */
async function refuseCrashing(
  { redis, keys, persistently }: Deps,
  { jobId }: JobDelivery,
  { crashes, crashedPages }: Pick<JobHistory, 'crashes' | 'crashedPages'>,
): Promise<void> {
  if (crashedPages >= maxCrashedPages) {
    const message = `was not read: worker processes died over ${crashedPages} other pages of its document; ${cure}`
    throw new ScriptoriumError('poison', message)
  }
  if (crashes < maxDeaths) return
  const key = keys.crashed(documentJobId(jobId))
  await persistently(() => redis.multi().incr(key).expire(key, ttl.crashed).exec())
  throw new ScriptoriumError(
    'poison',
    `worker processes died ${crashes} times while reading it; ${cure}`,
  )
}

/**
 * Reports a failed attempt, so that a run whose readings all fail pauses before each page has failed for good. Not
 * awaited: the next failure carries the same information.
 */
function tellRetry(
  { reporter, log }: Deps,
  { jobId, job }: JobDelivery,
  { code, message }: ScriptoriumError,
): void {
  const { documentId } = job
  const error = { code, message }
  reporter
    .reportRetry({ v: 1, kind: 'retrying', jobId, documentId, page: job.page ?? null, error })
    .catch((thrown: unknown) =>
      log.warn({ jobId, err: toError(thrown) }, 'reporting a failed attempt failed'),
    )
}

/**
 * Counts in Redis that a reading began; its report deletes the count, so a count that remains exposes a reading that
 * crashed its process. The page beside it is counted too, once: from then on it is read alone. Nothing here is awaited:
 * data on the socket reaches Redis even if this process dies at once.
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

/** An outage loses one count at most; the report that follows waits until Redis is reachable again. */
const ignore = (): void => undefined

function describeFailure(thrown: unknown): ScriptoriumError {
  if (thrown instanceof ScriptoriumError) return thrown
  const cause = causeOf(thrown)
  // Separate from engine errors: an outage that the whole fleet sees is no broken engine.
  if (cause?.code === 'redis_unreachable' || cause?.code === 'redis_full') return cause
  const { message } = toError(thrown)
  const isOdd = systemCode(thrown) === undefined
  return new ScriptoriumError('engine_failed', isOdd ? message : `reading failed: ${message}`, {
    cause: thrown,
  })
}

function toReport(
  worker: string,
  { jobId, job, attempt }: JobDelivery,
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
      return 'engine_crash'
    case 'poison':
    case 'engine_failed':
    case 'engine_boot_failed':
    case 'recipe_mismatch':
    case 'redis_unreachable':
    case 'redis_full':
    case 'decoder_failed':
    case 'blob_unavailable':
    case 'blob_refused':
    case 'internal':
      return 'failed'
    default:
      return 'rejected'
  }
}
