import { hostname } from 'node:os'
import { decodeMemory, type WorkerConfig } from '../../shared/process/config.ts'
import { createEngineIdentities } from '../../shared/engine/engine-identity.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import type { Heartbeat } from '../../shared/redis/heartbeats.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import { createPdfPasswords } from '../../shared/redis/pdf-passwords.ts'
import type { Tracer } from '../../shared/tracing/tracer.ts'
import type { Measures } from '../../shared/redis/measures.ts'
import { createPageQueue } from '../../shared/redis/queue.ts'
import { createRecipeStore } from '../../shared/redis/recipe-store.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import { createMemoryGauge, memoryMarks } from '../../shared/redis/connection/redis-memory.ts'
import { createReporter } from '../../shared/redis/result-stream.ts'
import { version } from '../../shared/process/version.ts'
import { workerIdOf } from '../../shared/contract/ids.ts'
import { createAbilities } from './abilities.ts'
import { createDeskList } from './jobs/desk-list.ts'
import type { EngineSlot } from './engine/engine-slot.ts'
import type { SecondEngine } from './engine/second-engine.ts'
import { startHeartbeat } from './heartbeat.ts'
import { createJobPipeline } from './jobs/job-pipeline.ts'
import { labelOf } from './jobs/reading.ts'
import { createOpeners } from './open/open.ts'
import { sourceWays } from './open/blobs/source-ways.ts'
import { createSources } from './open/sources.ts'
import { createPictures } from './pictures/pictures.ts'
import { createJobTaker } from './jobs/take-jobs.ts'

interface Deps {
  config: WorkerConfig
  /**
   * One for BullMQ, one for ourselves: BullMQ defines dozens of scripts on its connection, and each of our pipelines
   * would define them, too.
   */
  redis: { jobs: Redis; own: Redis }
  engineSlot: EngineSlot
  secondEngine: SecondEngine | undefined
  measures: Measures
  tracer: Tracer
  log: Logger
  /** Receives the messages that repeat while Redis is unreachable or rejects commands. */
  outages: Lines
  /** Called when the process must be replaced. */
  retire: (reason: string) => void
}

/** One worker with one active engine, which it loads before it takes the first job. */
export function createWorker(deps: Deps) {
  const { config, redis, engineSlot, secondEngine, measures, tracer, log, outages, retire } = deps
  const workerId = workerIdOf(hostname(), process.pid)
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const queue = createPageQueue(redis.jobs, keys)
  const reporter = createReporter(redis.own, keys)
  const identities = createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX, {
    second: config.SCRIPTORIUM_SECOND_ENGINE,
    neuralModels: config.SCRIPTORIUM_NEURAL_MODELS,
  })
  const { find: findRecipe } = createRecipeStore(redis.own, keys)
  const abilities = createAbilities({ redis: redis.own, keys, identities, findRecipe })
  const openers = createOpeners(openLimitsOf(config))
  const sources = createSources(sourceWays(config, outages))
  const passwords = createPdfPasswords(redis.own, keys, config)
  const pipeline = createJobPipeline({
    workerId,
    config,
    redis: redis.own,
    keys,
    queue,
    reporter,
    openers,
    sources,
    passwords,
    engineSlot,
    secondEngine,
    identities,
    measures,
    tracer,
    log,
    outages,
  })
  const pictures = createPictures({
    workerId,
    config,
    redis,
    keys,
    openers,
    sources,
    passwords,
    log: outages,
  })

  const about = describeProcess(workerId, config)
  const onDesk = createDeskList(reporter)
  let pagesDone = 0
  const taker = createJobTaker({
    workerId,
    redis: redis.jobs,
    keys,
    queue,
    reporter,
    maxResults: config.SCRIPTORIUM_MAX_RESULTS,
    lockMs: config.SCRIPTORIUM_LOCK_MS,
    stallCheckMs: config.SCRIPTORIUM_STALL_CHECK_MS,
    memory: createMemoryGauge(redis.own, memoryMarks.worker),
    log: outages,
    measures,
    tracer,
    findRecipe,
    cannotRead: ({ recipe, fingerprint }) => abilities.cannotRead(recipe, fingerprint),
    onWaiting: ({ interactive }) => pipeline.expectInteractive(interactive > 0),
    async process(jobId, job, failedBefore) {
      const entry = onDesk.add(jobId, labelOf(job))
      try {
        return await pipeline.process(jobId, job, failedBefore, entry.cancelling)
      } finally {
        entry.remove()
        pagesDone += 1
        if (pagesDone === config.SCRIPTORIUM_WORKER_PAGES) retire('it has read its share of pages')
      }
    },
  })
  const describe = (): Omit<Heartbeat, 'loopLagMs'> => ({
    ...about,
    warm: engineSlot.warmEngines(),
    state: taker.isPaused() ? 'paused' : onDesk.first() === null ? 'idle' : 'reading',
    currentPage: onDesk.first()?.label ?? null,
    currentSince: onDesk.first()?.since ?? null,
    utilisation: Math.round(100 * onDesk.utilisation()) / 100,
    pagesDone,
    rssBytes: process.memoryUsage.rss(),
    beatAt: new Date().toISOString(),
  })
  const stopHeartbeat = startHeartbeat({
    redis: redis.own,
    keys,
    describe,
    tellAbilities: () => abilities.tell(),
    flushMeasures: () => measures.flush(redis.own, keys),
    beatFile: config.SCRIPTORIUM_BEAT_FILE,
  })
  return {
    workerId,
    run: async (): Promise<void> => {
      await Promise.all([taker.run(), pictures.run()])
    },
    /** Finishes the pages on the desk, then releases everything. */
    async close(): Promise<void> {
      await taker.close()
      onDesk.close()
      await pictures.close()
      await pipeline.close()
      await openers.close()
      await engineSlot.close()
      await secondEngine?.slot.close()
      await stopHeartbeat()
      await queue.close()
    },
  }
}

/** The part of a heartbeat that stays the same. */
const describeProcess = (id: string, config: WorkerConfig) => ({
  id,
  pid: process.pid,
  host: hostname(),
  version,
  languages: config.SCRIPTORIUM_LANGUAGES.split('+'),
  engine: config.SCRIPTORIUM_ENGINE,
  startedAt: new Date().toISOString(),
})

const openLimitsOf = (config: WorkerConfig) => ({
  maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
  maxPages: config.SCRIPTORIUM_MAX_PAGES,
  decodeMs: config.SCRIPTORIUM_DECODE_MS,
  decodeBytes: decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY),
})
