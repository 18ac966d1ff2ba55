import { setPriority } from 'node:os'
import {
  defaultWorkerCount,
  fleetSchema,
  readConfig,
  requireRedisUrl,
} from '../../shared/config.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { createLifecycle } from '../../shared/lifecycle.ts'
import { createLogger } from '../../shared/logger.ts'
import { createFleet } from './fleet.ts'

/** The fleet ends its workers at their deadline and then needs a moment for itself. */
const marginMs = 2_000

const log = createLogger('fleet', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(fleetSchema, process.env)
  requireRedisUrl(config.REDIS_URL)
  const drainMs = config.SCRIPTORIUM_DRAIN_MS
  const life = createLifecycle(process, log, drainMs + marginMs)
  // Inherited by the workers.
  if (config.SCRIPTORIUM_NICE > 0) setPriority(config.SCRIPTORIUM_NICE)
  const size = config.SCRIPTORIUM_WORKERS || defaultWorkerCount()
  const giveUp = (exitCode: number): void => life.stop('the workers cannot start', exitCode)
  const fleet = createFleet({ size, environment: process.env, drainMs, giveUp, log })
  life.defer('workers', () => fleet.close())
  fleet.run()
  log.info({ size }, 'started')
} catch (thrown) {
  log.fatal({ err: toError(thrown) }, 'the fleet cannot start')
  process.exit(thrown instanceof ScriptoriumError ? thrown.exitCode : 15)
}
