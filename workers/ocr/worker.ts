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
import { createDocuments } from './open/documents.ts'
import { createOpeners } from './open/open.ts'
import { createOpening } from './opening.ts'
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

/** What open documents may hold together, and how long one is kept that no page is taken from. */
const maxHeldBytes = 96 * 2 ** 20
const documentIdleMs = 30_000

/** One worker: one engine at work, loaded before the first job is taken. */
export function createWorker({ config, redis, engineSlot, log, retire }: Deps) {
  const workerId = `${hostname()}-${process.pid}`
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const languages = config.SCRIPTORIUM_LANGUAGES.split('+')
  const tessdataPrefix = config.TESSDATA_PREFIX
  const queue = createPageQueue(redis.jobs, keys)
  const reporter = createReporter(redis.own, keys)
  const maxMegapixels = config.SCRIPTORIUM_MAX_MEGAPIXELS
  const openers = createOpeners({
    maxMegapixels,
    maxPages: config.SCRIPTORIUM_MAX_PAGES,
    decodeMs: config.SCRIPTORIUM_DECODE_MS,
  })
  const documents = createDocuments({ openers, maxHeldBytes, idleMs: documentIdleMs })
  const open = createOpening({
    documents,
    maxBytes: config.SCRIPTORIUM_MAX_FILE_BYTES,
    password: async ({ runId }) => (await redis.own.get(keys.secret(runId))) ?? undefined,
    async claim({ runId, fingerprint, documentId, insteadOf }, sha256) {
      const key = keys.claim(runId, fingerprint, sha256)
      const earlier = await redis.own.set(key, documentId, 'EX', ttl.claim, 'NX', 'GET')
      if (earlier === null || earlier !== insteadOf) return earlier ?? documentId
      await redis.own.set(key, documentId, 'EX', ttl.claim)
      return documentId
    },
    addPages: (jobId, job, pages, pagesTotal) =>
      queue.add(
        pages.map((page) => ({
          jobId: pageJobId(jobId, page),
          job: { ...job, page, pagesTotal },
          priority: pagePriority(job),
        })),
      ),
  })
  const read = createReading({
    workerId,
    open,
    maxMegapixels,
    engineSlot,
    identities: createEngineIdentities(config.SCRIPTORIUM_ENGINE, tessdataPrefix),
    onBegin({ runId, documentId }, page, pagesTotal) {
      const at = new Date().toISOString()
      reporter.tell(runId, { type: 'started', documentId, page, pagesTotal, at })
    },
  })
  const desk = createDesk()
  const processJob = createProcessor({
    workerId,
    redis: redis.own,
    keys,
    reporter,
    desk,
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
    onWaiting: ({ interactive }) => desk.expectInteractive(interactive > 0),
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
    warm: engineSlot.warmEngines(),
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
      await documents.close()
      await openers.close()
      await engineSlot.close()
      await stopHeartbeat()
      await queue.close()
    },
  }
}
