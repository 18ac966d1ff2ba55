import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { apiSchema, readConfig, type ApiConfig } from '../../shared/process/config.ts'
import { exitCodes, ScriptoriumError } from '../../shared/process/errors.ts'
import { takeLock } from '../../shared/files/file-lock.ts'
import { packageRoot } from '../../shared/files/package-root.ts'
import { closedNow, takePrivateFolder } from '../../shared/files/private-files.ts'
import { printable } from '../../shared/process/printable.ts'
import { version } from '../../shared/process/version.ts'
import { requireSafeAddress } from '../api/listen.ts'
import { logFileOf } from '../embedded/log-file.ts'
import { startStack } from '../embedded/stack.ts'
import { newCommand, type Common } from './command.ts'
import type { Host } from './host.ts'

interface Deps extends Pick<Host, 'environment' | 'stdout' | 'stderr'> {
  stopping: AbortSignal
  options: Common
}

/** Workers run at low priority: a request that arrives while every core reads is answered first. */
const workerNice = '10'

export const serveCommand = (host: Host): Command =>
  newCommand('serve', {
    quiet: 'print errors only',
    verbose: 'log at level debug',
  })
    .description(
      'Runs the service until Ctrl-C: a private Redis (unless REDIS_URL is set), the aggregator, the workers and the HTTP API. ' +
        'Environment variables configure it: docs/configuration.md.',
    )
    .action(async (options: Common) => {
      host.end(await serve({ ...host, options, stopping: host.stopping() }))
    })

/**
 * Runs the whole service until `stopping`: Redis (unless REDIS_URL names one), aggregator, fleet and API.
 * Returns the exit code; throws `ScriptoriumError` where it cannot begin.
 */
async function serve({ environment, stdout, stderr, stopping, options }: Deps): Promise<number> {
  const config = readConfig(apiSchema, environment)
  requireSafeAddress(config)
  const folder = resolve(config.SCRIPTORIUM_DATA)
  if (takePrivateFolder(folder).isTightened) stderr.write(`serve: ${closedNow(folder)}\n`)
  const lock = takeLock(join(folder, 'run.lock'))
  if ('holder' in lock) {
    const who = lock.holder === undefined ? 'another process' : `process ${lock.holder.pid}`
    throw new ScriptoriumError(
      'configuration',
      `${folder} is in use by ${who}; stop that process, or set SCRIPTORIUM_DATA to another folder`,
    )
  }
  const over = Promise.withResolvers<number>()
  stopping.addEventListener('abort', () => over.resolve(exitCodes.done))
  const stack = await startStack({
    ...(config.REDIS_URL !== undefined && { redisUrl: config.REDIS_URL }),
    dataFolder: folder,
    stateFolder: folder,
    environment: {
      SCRIPTORIUM_NICE: workerNice,
      ...environment,
      ...(options.verbose && { SCRIPTORIUM_LOG_LEVEL: 'debug' }),
    },
    prefix: config.SCRIPTORIUM_PREFIX,
    drainMs: config.SCRIPTORIUM_DRAIN_MS,
    withFleet: true,
    onMisconfigured(reason) {
      stderr.write(`serve: ${printable(reason)}\n`)
      over.resolve(exitCodes.configuration)
    },
    onTrouble: (line) => stderr.write(`serve: ${printable(line)}\n`),
  })
  let hasGreeted = false
  stack.startAggregator()
  stack.startApi((address) => {
    if (!hasGreeted && !options.quiet) stdout.write(greeting(address, config, folder))
    hasGreeted = true
  })
  const code = await over.promise
  if (stopping.aborted && !options.quiet)
    stdout.write('Finishing the pages in progress; press Ctrl-C again to stop at once.\n')
  await stack.close()
  lock.release()
  return code
}

function greeting(address: string, { SCRIPTORIUM_TOKENS }: ApiConfig, folder: string): string {
  const [who, header] =
    SCRIPTORIUM_TOKENS === ''
      ? ['no tokens are set: local callers only', '']
      : ['callers need a token', `-H 'Authorization: Bearer …' `]
  return `Scriptorium ${version} listens on ${address} (${who})

  Read a page:   curl ${header}-F files=@${fromHere(sample)} -H 'Accept: text/plain' '${address}/v1/documents?wait=30'
  Dashboard:     ${address}
  Documentation: ${address}/docs
  Log:           ${fromHere(logFileOf(folder))}
  Stop:          Ctrl-C
`
}

const sample = join(packageRoot, 'samples', 'recipe.jpg')

/** The shorter path: relative below the working folder, absolute elsewhere. */
function fromHere(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : path
}
