import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Option, type Command } from 'commander'
import { fleetSchema, readConfig, requireRedisUrl } from '../../shared/process/config.ts'
import { exitCodes } from '../../shared/process/errors.ts'
import { programFile } from '../../shared/files/package-root.ts'
import { newCommand, type Common } from './command.ts'
import type { Host } from './host.ts'
import { integerBetween } from './ingest/flag-values.ts'

interface WorkersOptions extends Common {
  workers?: number
}

/** `workers`: a fleet without the other services. Logs JSON lines to standard error, as services do. */
export const workersCommand = (host: Host): Command =>
  newCommand('workers', { quiet: 'log errors only', verbose: 'log at level debug' })
    .description(
      'Runs worker processes until Ctrl-C, for the services on the Redis of REDIS_URL. ' +
        'Environment variables configure them: docs/configuration.md.',
    )
    .addOption(
      new Option(
        '-w, --workers <n>',
        'number of worker processes (default: by cores and memory) (env: SCRIPTORIUM_WORKERS)',
      ).argParser(integerBetween(1, 1_024)),
    )
    .action(async (options: WorkersOptions) => {
      host.end(await runWorkers(host, options))
    })

/** Runs a fleet until the host stops. Returns its exit code. Throws `configuration` where it cannot begin. */
async function runWorkers(host: Host, options: WorkersOptions): Promise<number> {
  const environment = { ...host.environment, ...settingsOf(options) }
  requireRedisUrl(readConfig(fleetSchema, environment).REDIS_URL)
  const fleet = fork(programFile('workers/fleet/main'), ['alone'], {
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(fleet, 'exit')
  host.stopping().addEventListener('abort', () => fleet.kill('SIGTERM'))
  const [code] = await ended
  return typeof code === 'number' ? code : exitCodes.other
}

function settingsOf({ workers, quiet, verbose }: WorkersOptions): Record<string, string> {
  return {
    ...(workers !== undefined && { SCRIPTORIUM_WORKERS: String(workers) }),
    ...(quiet && { SCRIPTORIUM_LOG_LEVEL: 'error' }),
    ...(verbose && { SCRIPTORIUM_LOG_LEVEL: 'debug' }),
  }
}
