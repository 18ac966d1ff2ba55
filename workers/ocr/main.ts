import { readConfig, requireRedisUrl, workerSchema } from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { startEngine } from './start-engine.ts'

const log = createLogger('worker', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(workerSchema, process.env)
  const url = requireRedisUrl(config.REDIS_URL)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  // The engine's own thread loads it while this one imports the rest: half a second of every start.
  const starting = startEngine(config, log)
  const { checkRedis, connectPatiently } = await import('../../shared/redis.ts')
  const { createWorker } = await import('./worker.ts')
  const redis = { jobs: connectPatiently(url, log), own: connectPatiently(url, log) }
  life.defer('redis', () => Object.values(redis).forEach((connection) => connection.disconnect()))
  const engineSlot = await starting
  await checkRedis(redis.own, url)
  const retire = (reason: string): void => life.stop(reason)
  const worker = createWorker({ config, redis, engineSlot, log, retire })
  life.defer('worker', () => worker.close())
  log.info({ workerId: worker.workerId, engine: config.SCRIPTORIUM_ENGINE }, 'ready')
  if (!life.stopping.aborted) await worker.run()
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the worker cannot go on')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
