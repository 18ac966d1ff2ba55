import { resolve } from 'node:path'
import { apiSchema, listOf, readConfig, requireRedisUrl } from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { requireWritable } from '../../shared/folder-access.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { checkRedis, connectForAnswers } from '../../shared/redis.ts'
import { buildApp } from './app.ts'
import { createContext } from './context.ts'
import { listen, requireSafeAddress } from './listen.ts'

const log = createLogger('api', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(apiSchema, process.env)
  requireSafeAddress(config)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  requireWritable('SCRIPTORIUM_DATA', resolve(config.SCRIPTORIUM_DATA))
  const url = requireRedisUrl(config.REDIS_URL)
  const redis = await connectForAnswers(url, log)
  life.defer('redis', () => redis.disconnect())
  await checkRedis(redis, url)
  const parts = createContext({ config, redis, log, stopping: life.stopping })
  life.defer('context', () => parts.close())
  const app = await buildApp(parts.context)
  life.defer('server', () => app.close())
  const address = await listen(app, config)
  log.info({ address, tokens: listOf(config.SCRIPTORIUM_TOKENS).length }, 'listening')
  process.send?.({ address })
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the API cannot go on')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
