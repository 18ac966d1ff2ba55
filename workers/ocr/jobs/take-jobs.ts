import { Worker } from 'bullmq'
import type { Keys } from '../../../shared/redis/keys.ts'
import { jobSchema, type Job } from '../../../shared/contract/messages/job.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { upgradeJob } from '../../../shared/contract/schema/upgrades.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { queueName, type PageQueue } from '../../../shared/redis/queue.ts'
import type { WaitingJobs } from '../../../shared/redis/queue-view.ts'
import type { RecipeStore } from '../../../shared/redis/recipe-store.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { MemoryGauge } from '../../../shared/redis/connection/redis-memory.ts'
import { untraced, type Tracer } from '../../../shared/tracing/tracer.ts'
import { unmeasured, type Measures } from '../../../shared/redis/measures.ts'
import { isRefusal } from '../../../shared/redis/connection/redis-trouble.ts'
import type { Reporter } from '../../../shared/redis/result-stream.ts'
import { createHandBack } from './hand-back.ts'
import { isWithoutBytes } from '../open/blobs/refusals.ts'
import type { Ack } from './processor.ts'
import { createTicker } from './ticker.ts'
import { createWithoutBytes } from './without-bytes.ts'

interface Deps {
  workerId: string
  redis: Redis
  keys: Keys
  queue: PageQueue
  reporter: Reporter
  /** Called at intervals while the worker has pages in progress. */
  onWaiting: (waiting: WaitingJobs) => void
  process: (jobId: string, job: Job, failedBefore: number) => Promise<Ack>
  findRecipe: RecipeStore['find']
  /** Returns why this worker cannot read a job; null where it can. */
  cannotRead: (job: Job) => Promise<string | null>
  /** Workers pause from this many uncollected results on: a dead aggregator stops the fleet and loses nothing. */
  maxResults: number
  measures?: Pick<Measures, 'observe'>
  tracer?: Tracer
  lockMs: number
  stallCheckMs: number
  memory: MemoryGauge
  log: Lines
}

const backlogCheckMs = 1_000
const depthCheckMs = 200
/** BullMQ retries a rejected command without a pause; it would send a full Redis 1 500 commands a second. */
const refusedPauseMs = 5_000

const parseJob = createParser('a job', jobSchema, upgradeJob)

/** Takes jobs from the queue: while there are enough of them, one is read and the next is prepared. */
export function createJobTaker(deps: Deps) {
  const { workerId, redis, keys, queue, reporter, process, onWaiting, memory, log } = deps
  const { maxResults, measures = unmeasured, tracer = untraced } = deps
  let inHand = 0
  const worker = new Worker<unknown, Ack>(
    queueName,
    async (job, token) => {
      inHand += 1
      for (const ticker of tickers) ticker.wake()
      try {
        const wanted = await handBack(job, token, parseJob(job.data))
        // A repeated attempt has waited for its delay, too.
        if (job.attemptsMade === 0) {
          const waited = { startMs: job.timestamp, endMs: Date.now() }
          measures.observe('stage', 'queue', Math.max(0, waited.endMs - waited.startMs) / 1_000)
          const { runId, documentId } = wanted
          tracer.add({ runId, name: 'queue', ...waited, attributes: { documentId } })
        }
        const ack = await process(job.id ?? '', wanted, job.attemptsMade)
        withoutBytes.reset()
        return ack
      } catch (thrown) {
        if (!(thrown instanceof ScriptoriumError) || !isWithoutBytes(thrown)) throw thrown
        return await withoutBytes.giveBack(job, token, thrown)
      } finally {
        inHand -= 1
      }
    },
    {
      connection: redis,
      prefix: keys.bullPrefix,
      name: workerId,
      autorun: false,
      concurrency: 1,
      lockDuration: deps.lockMs,
      stalledInterval: deps.stallCheckMs,
      // A stall counts against both pages on a dead worker's desk, so the processor counts crashes itself. This limit
      // is the backstop; such jobs are collected from the failed set. A neighbour of pages that are tried twenty times,
      // the maximum, stalls as often as they die.
      maxStalledCount: 100,
    },
  )
  const brake = createBrake(worker)
  const handBack = createHandBack({
    pause: (forMs) => void brake.hold('recipe', forMs),
    sendToBack: queue.sendToBack,
    findRecipe: deps.findRecipe,
    cannotRead: deps.cannotRead,
    log,
  })
  const withoutBytes = createWithoutBytes({
    pause: (forMs) => void brake.hold('files', forMs),
    log,
  })
  worker.on('error', (error) => {
    if (!isRefusal(error)) return // The connection logs its own outages.
    if (brake.hold('redis', refusedPauseMs))
      log.warn({ err: error }, 'Redis rejects writes, pausing')
  })
  const checkBacklog = async (): Promise<void> => {
    const entries = await reporter.backlog()
    if (entries >= maxResults && brake.hold('backlog')) {
      log.warn({ entries }, 'too many uncollected results, pausing')
    }
    if (entries < maxResults / 2 && brake.release('backlog')) {
      log.info({}, 'the result backlog is short again, resuming')
    }
    // If something else fills Redis, a pause would free nothing; if jobs fill it, work frees it.
    const isFull = entries > 0 && (await memory.isFull())
    if (isFull && brake.hold('memory')) log.warn({ entries }, 'Redis is nearly full, pausing')
    if (!isFull && brake.release('memory')) log.info({}, 'Redis has memory again, resuming')
  }
  // A prefetched page is a page that an idle worker cannot read: the last ones are taken one by one.
  const checkDepth = async (): Promise<void> => {
    const fleet = await redis.zcard(keys.workers)
    const waiting = await queue.waiting()
    onWaiting(waiting)
    worker.concurrency = waiting.interactive + waiting.bulk > fleet ? 2 : 1
  }
  const isNeeded = (): boolean => inHand > 0 || brake.isHeld()
  const onRest = (): void => void (worker.concurrency = 1)
  const tickers = [
    createTicker({ everyMs: backlogCheckMs, check: checkBacklog, isNeeded }),
    createTicker({ everyMs: depthCheckMs, check: checkDepth, isNeeded, onRest }),
  ]
  return {
    run: () => worker.run(),
    isPaused: () => worker.isPaused(),
    /** Takes no new jobs and waits for the pages on the desk. */
    async close(): Promise<void> {
      for (const ticker of tickers) ticker.stop()
      await worker.close()
    },
  }
}

/** Pauses the worker while at least one reason holds. */
function createBrake(worker: Worker) {
  const reasons = new Set<string>()
  const release = (reason: string): boolean => {
    if (!reasons.delete(reason)) return false
    if (reasons.size === 0 && !worker.closing) void worker.resume()
    return true
  }
  return {
    release,
    isHeld: () => reasons.size > 0,
    /** Returns true where the reason is new. The reason expires after `forMs`, if given. */
    hold(reason: string, forMs?: number): boolean {
      if (reasons.has(reason)) return false
      reasons.add(reason)
      void worker.pause(true)
      if (forMs !== undefined) setTimeout(() => release(reason), forMs).unref()
      return true
    },
  }
}
