import type { ChildProcess } from 'node:child_process'
import { setPriority } from 'node:os'
import { explain } from '../../shared/process/causes.ts'
import {
  defaultWorkerCount,
  fleetSchema,
  readConfig,
  requireRedisUrl,
} from '../../shared/process/config.ts'
import { createLifecycle } from '../../shared/process/lifecycle.ts'
import { createLogger } from '../../shared/process/logger.ts'
import { createFleet } from './fleet.ts'
import { releaseThrough } from './release-jobs.ts'
import { createStartWatch, tellThrough } from './start-watch.ts'

/** The fleet ends its workers at their deadline and then needs a moment for its own shutdown. */
const marginMs = 2_000

const log = createLogger('fleet', process.env['SCRIPTORIUM_LOG_LEVEL'] ?? 'info')
try {
  const config = readConfig(fleetSchema, process.env)
  const url = requireRedisUrl(config.REDIS_URL)
  const drainMs = config.SCRIPTORIUM_DRAIN_MS
  const life = createLifecycle(process, log, drainMs + marginMs)
  // Inherited by the workers.
  if (config.SCRIPTORIUM_NICE > 0) setPriority(config.SCRIPTORIUM_NICE)
  const size = config.SCRIPTORIUM_WORKERS || defaultWorkerCount()
  const giveUp = (exitCode: number): void => life.stop('the workers cannot start', exitCode)
  const tell = tellThrough(url, config.SCRIPTORIUM_PREFIX)
  // `scriptorium workers` forks a fleet alone: it has no run that its exit code could end.
  const hasParent = process.send !== undefined && process.argv[2] !== 'alone'
  const startWatch = createStartWatch({ tell, hasParent, log })
  life.defer('start watch', () => startWatch.close())
  const onLaunch = (worker: ChildProcess): void => startWatch.watch(worker)
  const release = releaseThrough(url, config.SCRIPTORIUM_PREFIX, log)
  const onDeath = (pid: number): void => void release(pid)
  const callbacks = { giveUp, onLaunch, onDeath }
  const fleet = createFleet({ size, environment: process.env, drainMs, ...callbacks, log })
  life.defer('workers', () => fleet.close())
  fleet.run()
  log.info({ size }, 'started')
} catch (thrown) {
  const error = explain(thrown)
  log.fatal({ err: error }, 'starting the fleet failed')
  process.exit(error.exitCode)
}
