import type { WorkerConfig } from '../../../shared/process/config.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { Tracer } from '../../../shared/tracing/tracer.ts'
import type { Measures } from '../../../shared/redis/measures.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { untilTaken } from '../../../shared/redis/connection/redis-trouble.ts'
import type { Reporter } from '../../../shared/redis/result-stream.ts'
import type { EngineSlot } from '../engine/engine-slot.ts'
import type { SecondEngine } from '../engine/second-engine.ts'
import type { Openers } from '../open/open.ts'
import type { Sources } from '../open/sources.ts'
import { createDesk } from './desk.ts'
import { createJobOpening } from './job-opening.ts'
import { createProcessor } from './processor.ts'
import { createReading } from './reading.ts'

interface Deps {
  workerId: string
  config: WorkerConfig
  redis: Redis
  keys: Keys
  queue: Pick<PageQueue, 'add' | 'callerOf'>
  reporter: Reporter
  openers: Openers
  sources: Sources
  passwords: PdfPasswords
  engineSlot: EngineSlot
  secondEngine: SecondEngine | undefined
  identities: EngineIdentities
  measures: Pick<Measures, 'observe' | 'count'>
  tracer: Tracer
  log: Logger
  /** Receives the messages that repeat while Redis is unreachable or rejects commands. */
  outages: Lines
}

/** The way of a job through one worker: it is opened, prepared, read and reported. */
export function createJobPipeline(deps: Deps) {
  const { workerId, redis, keys, reporter, engineSlot, secondEngine } = deps
  const { identities, measures, log } = deps
  /** Redis errors are not the page's fault: they count as no attempt. */
  const persistently = <T>(work: () => Promise<T>): Promise<T> =>
    untilTaken(work, {
      onTrouble: (err) =>
        deps.outages.warn({ err }, 'Redis rejects writes, the current page waits'),
    })
  const { open, close } = createJobOpening({ ...deps, persistently })
  const read = createReading({
    workerId,
    open,
    maxMegapixels: deps.config.SCRIPTORIUM_MAX_MEGAPIXELS,
    engineSlot,
    secondEngine,
    identities,
    measures,
    log,
    onBegin({ runId, documentId }, page, pagesTotal) {
      const at = new Date().toISOString()
      reporter.tell(runId, { type: 'started', documentId, page, pagesTotal, at })
    },
  })
  const desk = createDesk()
  return {
    process: createProcessor({
      workerId,
      redis,
      keys,
      reporter,
      desk,
      read,
      persistently,
      measures,
      tracer: deps.tracer,
      log,
    }),
    expectInteractive: (areWaiting: boolean): void => desk.expectInteractive(areWaiting),
    /** Closes the documents that wait for their next page. */
    close,
  }
}
