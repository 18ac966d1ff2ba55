import { hostname } from 'node:os'
import type { WorkerConfig } from '../../shared/config.ts'
import { createEngineIdentities } from '../../shared/engine-identity.ts'
import { createKeys, ttl } from '../../shared/keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Heartbeat } from '../../shared/heartbeats.ts'
import { createPageQueue, pageJobId, pagePriority } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import { createReporter } from '../../shared/results.ts'
import { version } from '../../shared/version.ts'
import { createDesk } from './desk.ts'
import { createDeskList } from './desk-list.ts'
import type { EngineSlot } from './engine-slot.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createProcessor } from './processor.ts'
import { createReading, labelOf } from './reading.ts'
import { createJobTaker } from './take-jobs.ts'

interface Deps {
  config: WorkerConfig
  /** One for BullMQ, one for ourselves: BullMQ teaches its own dozens of scripts, which each of our pipelines would learn. */
  redis: { jobs: Redis; own: Redis }
  engineSlot: EngineSlot
  log: Logger
  /** Called when the process is due to be replaced. */
  retire: (reason: string) => void
}

/** One worker: one engine, loaded before the first job is taken. */
export function createWorker({ config, redis, engineSlot, log, retire }: Deps) {
  const workerId = `${hostname()}-${process.pid}`
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const languages = config.SCRIPTORIUM_LANGUAGES.split('+')
  const tessdataPrefix = config.TESSDATA_PREFIX
  const queue = createPageQueue(redis.jobs, keys)
  const reporter = createReporter(redis.own, keys)
  const read = createReading({
    workerId,
    limits: {
      maxBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
      maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
      maxPages: config.SCRIPTORIUM_MAX_PAGES,
    },
    engineSlot,
    identities: createEngineIdentities(config.SCRIPTORIUM_ENGINE, tessdataPrefix),
    async claim({ runId, fingerprint, documentId, insteadOf }, sha256) {
      const key = keys.claim(runId, fingerprint, sha256)
      const earlier = await redis.own.set(key, documentId, 'EX', ttl.claim, 'NX', 'GET')
      if (earlier === null || earlier !== insteadOf) return earlier ?? documentId
      await redis.own.set(key, documentId, 'EX', ttl.claim)
      return documentId
    },
    onBegin({ runId, documentId }, page, pagesTotal) {
      const at = new Date().toISOString()
      reporter.tell(runId, { type: 'started', documentId, page, pagesTotal, at })
    },
    addPages: (jobId, job, pagesTotal) =>
      queue.add(
        Array.from({ length: pagesTotal }, (_, index) => ({
          jobId: pageJobId(jobId, index + 1),
          job: { ...job, page: index + 1, pagesTotal },
          priority: pagePriority(job),
        })),
      ),
  })
  const processJob = createProcessor({
    workerId,
    redis: redis.own,
    keys,
    reporter,
    desk: createDesk(),
    read,
    log,
  })

  const startedAt = new Date().toISOString()
  const onDesk = createDeskList(reporter)
  let pagesDone = 0
  const taker = createJobTaker({
    workerId,
    redis: redis.jobs,
    keys,
    queue,
    reporter,
    lockMs: config.SCRIPTORIUM_LOCK_MS,
    stallCheckMs: config.SCRIPTORIUM_STALL_CHECK_MS,
    log,
    async process(jobId, job, failedBefore) {
      const entry = onDesk.add(jobId, labelOf(job))
      try {
        return await processJob(jobId, job, failedBefore, entry.cancelling)
      } finally {
        entry.remove()
        pagesDone += 1
        if (pagesDone === config.SCRIPTORIUM_WORKER_PAGES) retire('it has read its share of pages')
      }
    },
  })
  const describe = (): Heartbeat => ({
    id: workerId,
    pid: process.pid,
    host: hostname(),
    version,
    languages,
    engine: config.SCRIPTORIUM_ENGINE,
    state: taker.isPaused() ? 'paused' : onDesk.first() === null ? 'idle' : 'reading',
    currentPage: onDesk.first(),
    pagesDone,
    rssBytes: process.memoryUsage.rss(),
    startedAt,
    beatAt: new Date().toISOString(),
  })
  const stopHeartbeat = startHeartbeat(redis.own, keys, describe, config.SCRIPTORIUM_BEAT_FILE)
  return {
    workerId,
    run: () => taker.run(),
    /** Finishes what is on the desk, then lets go of everything. */
    async close(): Promise<void> {
      await taker.close()
      onDesk.close()
      await engineSlot.close()
      await stopHeartbeat()
      await queue.close()
    },
  }
}
