import { join, resolve } from 'node:path'
import { aggregatorSchema, readConfig, requireRedisUrl } from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { takeLock } from '../../shared/file-lock.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { checkRedis, connectPatiently } from '../../shared/redis.ts'
import { createAggregator } from './aggregator.ts'
import { openLedger } from './ledger/ledger.ts'

const log = createLogger('aggregator', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(aggregatorSchema, process.env)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const lock = takeLock(join(folder, 'aggregator.lock'))
  if ('holder' in lock) {
    const who =
      lock.holder === undefined
        ? 'another process'
        : `process ${lock.holder.pid} on ${lock.holder.host}`
    throw new ScriptoriumError(
      'configuration',
      `${folder} is in use by ${who}; one aggregator writes a ledger`,
    )
  }
  const ledger = openLedger(folder)
  life.defer('ledger', () => ledger.close())
  const connect = () => connectPatiently(requireRedisUrl(config.REDIS_URL), log)
  const redis = { main: connect(), results: connect(), commands: connect() }
  life.defer('redis', () => Object.values(redis).forEach((connection) => connection.disconnect()))
  await checkRedis(redis.main)
  const aggregator = createAggregator({ config, ledger, redis, log })
  life.defer('aggregator', () => aggregator.close())
  const running = aggregator.run(life.stopping)
  life.defer('collector', () => running)
  log.info({ folder }, 'ready')
  await running
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the aggregator cannot go on')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
