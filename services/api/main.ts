import { resolve } from 'node:path'
import { explain } from '../../shared/process/causes.ts'
import { apiSchema, splitList, readConfig, requireRedisUrl } from '../../shared/process/config.ts'
import { closeToOthers } from '../../shared/files/private-files.ts'
import { createLifecycle } from '../../shared/process/lifecycle.ts'
import { createLogger } from '../../shared/process/logger.ts'
import { createOutageLog } from '../../shared/process/outage-log.ts'
import { checkRedis, connectForAnswers } from '../../shared/redis/connection/redis.ts'
import { openTracer } from '../../shared/tracing/open-tracer.ts'
import { buildApp } from './app.ts'
import { createContext } from './context.ts'
import { listen, requireSafeAddress } from './listen.ts'

const log = createLogger('api', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(apiSchema, process.env)
  requireSafeAddress(config)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  closeToOthers(resolve(config.SCRIPTORIUM_DATA), log)
  const url = requireRedisUrl(config.REDIS_URL)
  const redis = await connectForAnswers(url, createOutageLog(log))
  life.defer('redis', () => redis.disconnect())
  await checkRedis(redis, url)
  const tracer = await openTracer('api', config, createOutageLog(log))
  life.defer('tracer', () => tracer.close())
  const parts = createContext({ config, redis, tracer, log, stopping: life.stopping })
  life.defer('context', () => parts.close())
  const app = await buildApp(parts.context)
  life.defer('server', () => app.close())
  const address = await listen(app, config)
  log.info({ address, tokens: splitList(config.SCRIPTORIUM_TOKENS).length }, 'listening')
  process.send?.({ address })
} catch (thrown) {
  const error = explain(thrown)
  log.fatal({ err: error }, 'the API failed')
  process.exit(error.exitCode)
}
