import { Worker } from 'bullmq'
import type { Keys } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import { createParser, jobSchema, type Job } from '../../shared/messages.ts'
import { queueName, type PageQueue, type WaitingJobs } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Reporter } from '../../shared/results.ts'
import type { Ack } from './processor.ts'
import { createTicker } from './ticker.ts'

interface Deps {
  workerId: string
  redis: Redis
  keys: Keys
  queue: PageQueue
  reporter: Reporter
  /** Called every so often while there is work in hand. */
  onWaiting: (waiting: WaitingJobs) => void
  process: (jobId: string, job: Job, failedBefore: number) => Promise<Ack>
  lockMs: number
  stallCheckMs: number
  log: Logger
}

/** Above so many uncollected results workers pause: a dead aggregator stops the fleet and loses nothing. */
const backlogHigh = 2_000
const backlogCheckMs = 1_000
const depthCheckMs = 200
/** BullMQ retries a refused command without a pause; Redis out of memory would be asked 1 500 times a second. */
const refusedPauseMs = 5_000

const parseJob = createParser('a job', jobSchema)

/** Takes jobs from the queue: while there are enough, one is read and the next is prepared. */
export function createJobTaker(deps: Deps) {
  const { workerId, redis, keys, queue, reporter, process, onWaiting, lockMs, stallCheckMs, log } =
    deps
  let inHand = 0
  const worker = new Worker<unknown, Ack>(
    queueName,
    async (job) => {
      inHand += 1
      for (const ticker of tickers) ticker.wake()
      try {
        return await process(job.id ?? '', parseJob(job.data), job.attemptsMade)
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
      lockDuration: lockMs,
      stalledInterval: stallCheckMs,
      // A stall is counted against both pages on a dead worker's desk, so crashes are counted by the processor
      // itself; this is the backstop, collected from the failed set.
      maxStalledCount: 10,
    },
  )
  const brake = createBrake(worker)
  worker.on('error', (error) => {
    if (!/OOM|MISCONF|READONLY/.test(error.message)) return // The connection logs its own outages.
    if (brake.hold('redis', refusedPauseMs))
      log.warn({ err: error }, 'Redis refuses writes, pausing')
  })
  const checkBacklog = async (): Promise<void> => {
    const entries = await reporter.backlog()
    if (entries >= backlogHigh && brake.hold('backlog')) {
      log.warn({ entries }, 'results are not collected, pausing')
    }
    if (entries < backlogHigh / 2 && brake.release('backlog')) {
      log.info('results are collected, going on')
    }
  }
  // A page taken ahead is a page that an idle colleague cannot read: the last ones are taken one by one.
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
    /** Takes nothing new, waits for what is on the desk. */
    async close(): Promise<void> {
      for (const ticker of tickers) ticker.stop()
      await worker.close()
    },
  }
}

/** Pauses the worker while there is at least one reason to. */
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
    /** True where the reason is new. After `forMs`, if given, it passes by itself. */
    hold(reason: string, forMs?: number): boolean {
      if (reasons.has(reason)) return false
      reasons.add(reason)
      void worker.pause(true)
      if (forMs !== undefined) setTimeout(() => release(reason), forMs).unref()
      return true
    },
  }
}
