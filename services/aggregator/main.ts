import { resolve } from 'node:path'
import { aggregatorSchema, readConfig, requireRedisUrl } from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { requireWritable } from '../../shared/folder-access.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { checkRedis, connectPatiently } from '../../shared/redis.ts'
import { nameSpool } from '../../shared/spool.ts'
import { createAggregator } from './aggregator.ts'
import { openLedger } from './ledger/ledger.ts'
import { takeFolder } from './take-folder.ts'

const log = createLogger('aggregator', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(aggregatorSchema, process.env)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const { SCRIPTORIUM_OUTPUT: output } = config
  if (output !== undefined) requireWritable('SCRIPTORIUM_OUTPUT', resolve(output))
  life.defer('folder', takeFolder(folder))
  const ledger = openLedger(folder, { isSearchable: config.SCRIPTORIUM_SEARCH === 'on' })
  life.defer('ledger', () => ledger.close())
  const url = requireRedisUrl(config.REDIS_URL)
  const connect = () => connectPatiently(url, log)
  const redis = { main: connect(), results: connect(), commands: connect() }
  life.defer('redis', () => Object.values(redis).forEach((connection) => connection.disconnect()))
  await checkRedis(redis.main, url)
  const aggregator = createAggregator({ config, ledger, spool: nameSpool(folder), redis, log })
  life.defer('aggregator', () => aggregator.close())
  const running = aggregator.run(life.stopping)
  life.defer('collector', () => running)
  log.info({ folder }, 'ready')
  await running
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the aggregator cannot go on')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
