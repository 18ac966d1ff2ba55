import { explain } from '../../shared/process/causes.ts'
import { readConfig, requireRedisUrl, workerSchema } from '../../shared/process/config.ts'
import { createLifecycle } from '../../shared/process/lifecycle.ts'
import { createLogger } from '../../shared/process/logger.ts'
import { createOutageLog } from '../../shared/process/outage-log.ts'
import { openTracer } from '../../shared/tracing/open-tracer.ts'
import { createMeasures } from '../../shared/redis/measures.ts'
import { startSecondEngine } from './engine/second-engine.ts'
import { startEngine } from './engine/start-engine.ts'

const log = createLogger('worker', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(workerSchema, process.env)
  const url = requireRedisUrl(config.REDIS_URL)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  // The engine's own thread loads it while this thread imports the rest: that saves half a second of every start.
  const measures = createMeasures()
  const starting = startEngine(config, log, measures)
  const startingSecond = startSecondEngine(config, log, measures)
  startingSecond.catch(() => undefined) // Thrown below.
  const { checkRedis, connectPatiently } = await import('../../shared/redis/connection/redis.ts')
  const { createWorker } = await import('./worker.ts')
  const outages = createOutageLog(log)
  const tracer = await openTracer('worker', config, outages)
  life.defer('tracer', () => tracer.close())
  const redis = { jobs: connectPatiently(url, outages), own: connectPatiently(url, outages) }
  life.defer('redis', () => Object.values(redis).forEach((connection) => connection.disconnect()))
  const engineSlot = await starting
  const secondEngine = await startingSecond
  await checkRedis(redis.own, url)
  const retire = (reason: string): void => life.stop(reason)
  const engines = { engineSlot, secondEngine }
  const worker = createWorker({ ...engines, config, redis, measures, tracer, log, outages, retire })
  life.defer('worker', () => worker.close())
  log.info({ workerId: worker.workerId, engine: config.SCRIPTORIUM_ENGINE }, 'ready')
  process.send?.({ kind: 'ready' })
  if (!life.stopping.aborted) await worker.run()
} catch (thrown) {
  const error = explain(thrown)
  log.fatal({ err: error }, 'the worker failed')
  const exit = (): void => process.exit(error.exitCode)
  const { code, message } = error
  if (process.send === undefined) exit()
  else process.send({ kind: 'failed', code, message }, exit) // Exiting at once would lose the message.
}
