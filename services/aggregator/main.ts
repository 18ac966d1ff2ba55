import { resolve } from 'node:path'
import { explain } from '../../shared/process/causes.ts'
import { aggregatorSchema, readConfig, requireRedisUrl } from '../../shared/process/config.ts'
import { requireWritable } from '../../shared/files/folder-access.ts'
import { createLifecycle } from '../../shared/process/lifecycle.ts'
import { createLogger } from '../../shared/process/logger.ts'
import { createOutageLog } from '../../shared/process/outage-log.ts'
import { closeToOthers } from '../../shared/files/private-files.ts'
import { checkRedis, connectPatiently } from '../../shared/redis/connection/redis.ts'
import { nameSpool } from '../../shared/files/spool.ts'
import { openTracer } from '../../shared/tracing/open-tracer.ts'
import { createAggregator } from './aggregator.ts'
import { openAggregatorHands } from './in-hand.ts'
import { createLease, takeFolder } from './lease/lease.ts'
import { openLedger } from '../ledger/ledger.ts'

const log = createLogger('aggregator', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(aggregatorSchema, process.env)
  const life = createLifecycle(process, log, config.SCRIPTORIUM_DRAIN_MS)
  const folder = resolve(config.SCRIPTORIUM_DATA)
  const { SCRIPTORIUM_OUTPUT: output } = config
  if (output !== undefined) requireWritable('SCRIPTORIUM_OUTPUT', resolve(output))
  closeToOthers(folder, log)
  life.defer('folder', takeFolder(folder))
  const ledger = openLedger(folder, {
    isSearchable: config.SCRIPTORIUM_SEARCH === 'on',
    onUnreadable: (err) => log.error({ err }, 'run with an unreadable record skipped'),
  })
  life.defer('ledger', () => ledger.close())
  const { hands, close: forgetHands } = openAggregatorHands(folder, ledger, log)
  // Work in progress is not to blame from here on: the stop was requested.
  life.stopping.addEventListener('abort', forgetHands)
  const url = requireRedisUrl(config.REDIS_URL)
  const outages = createOutageLog(log)
  const tracer = await openTracer('aggregator', config, outages)
  life.defer('tracer', () => tracer.close())
  const connect = () => connectPatiently(url, outages)
  const redis = { main: connect(), results: connect(), commands: connect() }
  life.defer('redis', () => Object.values(redis).forEach((connection) => connection.disconnect()))
  await checkRedis(redis.main, url)
  const prefix = config.SCRIPTORIUM_PREFIX
  const lease = createLease({ redis: redis.main, prefix, folder, ledger: ledger.id, log: outages })
  life.defer('lease', () => lease.release())
  const spool = nameSpool(folder)
  const aggregator = createAggregator({
    config,
    ledger,
    spool,
    redis,
    lease,
    hands,
    tracer,
    log,
    outages,
  })
  life.defer('aggregator', () => aggregator.close())
  const running = aggregator.run(life.stopping)
  life.defer('collector', () => running)
  await running
} catch (thrown) {
  const error = explain(thrown)
  log.fatal({ err: error }, 'the aggregator failed')
  process.exit(error.exitCode)
}
