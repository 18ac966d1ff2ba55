import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { apiSchema, readConfig, type ApiConfig } from '../../shared/config.ts'
import { exitCodes, ScriptoriumError } from '../../shared/errors.ts'
import { takeLock } from '../../shared/file-lock.ts'
import { version } from '../../shared/version.ts'
import { requireSafeAddress } from '../api/listen.ts'
import { lastFatal, logFileOf, startStack } from '../embedded/stack.ts'

interface Deps {
  environment: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  /** Aborted by the first Ctrl-C or SIGTERM. */
  stopping: AbortSignal
}

/** Workers are told to stand back: a request that comes in while every core reads is answered first. */
const workerNice = '10'

/**
 * Runs the whole service until it is told to stop: Redis (unless REDIS_URL names one), aggregator, fleet and API.
 * Returns the exit code; throws `ScriptoriumError` where it cannot begin.
 */
export async function start({ environment, stdout, stopping }: Deps): Promise<number> {
  const config = readConfig(apiSchema, environment)
  requireSafeAddress(config)
  const folder = resolve(config.SCRIPTORIUM_DATA)
  mkdirSync(folder, { recursive: true })
  const lock = takeLock(join(folder, 'run.lock'))
  if ('holder' in lock) {
    const who = lock.holder === undefined ? 'another process' : `process ${lock.holder.pid}`
    throw new ScriptoriumError(
      'configuration',
      `${folder} is in use by ${who}; stop it, or set SCRIPTORIUM_DATA`,
    )
  }
  const over = Promise.withResolvers<number>()
  stopping.addEventListener('abort', () => over.resolve(exitCodes.done))
  const stack = await startStack({
    ...(config.REDIS_URL !== undefined && { redisUrl: config.REDIS_URL }),
    dataFolder: folder,
    stateFolder: folder,
    environment: { SCRIPTORIUM_NICE: workerNice, ...environment },
    prefix: config.SCRIPTORIUM_PREFIX,
    drainMs: config.SCRIPTORIUM_DRAIN_MS,
    withFleet: true,
    onGivenUp(what, exitCode) {
      stdout.write(`start: ${lastFatal(folder) ?? what}\n`)
      over.resolve(exitCode)
    },
  })
  let hasGreeted = false
  stack.startAggregator()
  stack.startApi((address) => {
    if (!hasGreeted) stdout.write(greeting(address, config, folder))
    hasGreeted = true
  })
  const code = await over.promise
  if (stopping.aborted) stdout.write('Finishing the pages in hand; Ctrl-C again ends at once.\n')
  await stack.close()
  lock.release()
  return code
}

function greeting(address: string, { SCRIPTORIUM_TOKENS }: ApiConfig, folder: string): string {
  const log = relative(process.cwd(), logFileOf(folder))
  const [who, header] =
    SCRIPTORIUM_TOKENS === ''
      ? ['no tokens are set: only this machine may call', '']
      : ['callers need a token', `-H 'Authorization: Bearer …' `]
  return `Scriptorium ${version} listens on ${address} (${who})

  Read a page:  curl ${header}-F files=@samples/recipe.jpg -H 'Accept: text/plain' '${address}/v1/documents?wait=30'
  Read about it: ${address}/docs
  Log:          ${log.startsWith('..') ? logFileOf(folder) : log}
  Stop:         Ctrl-C
`
}
