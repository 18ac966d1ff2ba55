import { readConfig, workerSchema } from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { checkRedis, connectPatiently, requireRedisUrl } from '../../shared/redis.ts'
import { createWorker } from './worker.ts'

const log = createLogger('worker', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(workerSchema, process.env)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  const redis = connectPatiently(requireRedisUrl(config.REDIS_URL), log)
  life.defer('redis', () => redis.disconnect())
  await checkRedis(redis)
  const retire = (reason: string): void => life.stop(reason)
  const worker = await createWorker({ config, redis, log, retire })
  life.defer('worker', () => worker.close())
  log.info({ workerId: worker.workerId, engine: config.SCRIPTORIUM_ENGINE }, 'ready')
  process.send?.('ready')
  if (!life.stopping.aborted) await worker.run()
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the worker cannot go on')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
