import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createKeys } from '../../shared/keys.ts'
import { createPageQueue } from '../../shared/queue.ts'
import { connectPromptly, type Redis } from '../../shared/redis.ts'
import { superviseChild, type SupervisedChild } from './child.ts'
import { startRedisServer } from './redis-server.ts'

interface Options {
  /** A Redis that others share; without one, a private one is started. */
  redisUrl?: string
  /** Holds the ledger. */
  dataFolder: string
  /** Holds Redis's file, the log, and where to find the socket. */
  stateFolder: string
  environment: NodeJS.ProcessEnv
  prefix: string
  drainMs: number
  withFleet: boolean
  /** Called when a process cannot be kept alive. */
  onGivenUp: (what: string, exitCode: number) => void
}

const repository = join(import.meta.dirname, '..', '..')
const aggregatorMain = join(repository, 'services', 'aggregator', 'main.ts')
const apiMain = join(repository, 'services', 'api', 'main.ts')
const fleetMain = join(repository, 'workers', 'fleet', 'main.ts')
/** By itself V8 lets young garbage grow with the machine's memory: 340 MB for what needs 190. */
const aggregatorFlags = ['--max-semi-space-size=4']
/**
 * What uploads leave behind goes soon: with 2 and 40 V8's collector took half of the API's time, with 8 and V8's own
 * growth of the old heap 5 000 uploads left 283 MB, where 177 do.
 */
const apiFlags = ['--max-semi-space-size=4', '--heap-growing-percent=70']
const mostLogBytes = 10 * 2 ** 20
/** A stopped child is given this much longer than its own deadline. */
const marginMs = 5_000
const exitRedis = 3
const redisDeadlineMs = 10_000

/** Where a private Redis keeps its file. */
export const redisFolder = (stateFolder: string): string => join(stateFolder, 'redis')

/** Where `status` finds the socket of a run that is going on. */
export const addressFile = (stateFolder: string): string => join(stateFolder, 'redis.url')
export const logFileOf = (stateFolder: string): string => join(stateFolder, 'scriptorium.log')

/**
 * Everything on one machine: a private Redis, the aggregator and the fleet as children of this process.
 * `withFleet` starts the fleet first, so that engines load while Redis starts.
 */
export async function startStack(options: Options) {
  const { dataFolder, stateFolder, environment, drainMs, onGivenUp } = options
  mkdirSync(stateFolder, { recursive: true })
  const server = findServer(options)
  const logFile = openLog(logFileOf(stateFolder))
  const env = { ...environment, REDIS_URL: server.url, SCRIPTORIUM_DATA: dataFolder }
  const start = (
    name: string,
    main: string,
    flags: string[] = [],
    onMessage?: (message: unknown) => void,
  ): SupervisedChild =>
    superviseChild({
      main,
      flags,
      environment: env,
      logFile,
      ...(onMessage && { onMessage }),
      onGivenUp: (code) =>
        onGivenUp(`the ${name} cannot be kept running; see ${logFileOf(stateFolder)}`, code),
    })
  let aggregator: SupervisedChild | undefined
  let fleet = options.withFleet ? start('fleet', fleetMain) : undefined
  let api: SupervisedChild | undefined
  const redis = await openRedis(options, server.url).catch(async (thrown: unknown) => {
    await fleet?.stop(0)
    await server.stop()
    throw thrown
  })
  writeFileSync(addressFile(stateFolder), server.url)

  return {
    url: server.url,
    redis,
    startAggregator(): void {
      aggregator ??= start('aggregator', aggregatorMain, aggregatorFlags)
    },
    startFleet(): void {
      fleet ??= start('fleet', fleetMain)
    },
    /** Starts the API; `onAddress` is called when it listens, also after it was started again. */
    startApi(onAddress: (address: string) => void): void {
      api ??= start('API', apiMain, apiFlags, (message) => {
        const isAddress = typeof message === 'object' && message !== null && 'address' in message
        if (isAddress) onAddress(String(message.address))
      })
    },
    /** Lets pages in hand be finished; nothing new is begun. */
    async stopFleet(): Promise<void> {
      await fleet?.stop(drainMs + marginMs)
    },
    /** API, fleet, aggregator, Redis: each when the one before has nothing more to say to it. */
    async close(): Promise<void> {
      await api?.stop(drainMs + marginMs)
      await fleet?.stop(drainMs + marginMs)
      await aggregator?.stop(drainMs + marginMs)
      redis.disconnect()
      await server.stop()
      rmSync(addressFile(stateFolder), { force: true })
      closeSync(logFile)
    },
  }
}

export type Stack = Awaited<ReturnType<typeof startStack>>

/** A private Redis, or the one that is shared: that is not ours to stop. */
function findServer({ redisUrl, stateFolder, environment, onGivenUp }: Options) {
  if (redisUrl !== undefined) return { url: redisUrl, stop: async () => undefined }
  return startRedisServer({
    folder: redisFolder(stateFolder),
    searchPath: environment['PATH'] ?? '',
    onGivenUp: (reason) => onGivenUp(reason, exitRedis),
  })
}

const openRedis = ({ redisUrl, prefix }: Options, url: string): Promise<Redis> =>
  redisUrl === undefined ? openQueue(url, prefix) : connectPromptly(url, redisDeadlineMs)

/**
 * What was on the queue of a private Redis is planned again from the ledger, and a job in a dead worker's hands
 * would be waited for until its lock ran out. Results that nobody has collected stay.
 */
async function openQueue(url: string, prefix: string): Promise<Redis> {
  const redis = await connectPromptly(url, redisDeadlineMs)
  const keys = createKeys(prefix)
  const queue = createPageQueue(redis, keys)
  await queue.clear()
  await queue.close()
  // Whoever killed the run before killed its workers too: no page in hand is to blame for that.
  await forget(redis, keys.begun('*'))
  return redis
}

/** Deletes all keys of a pattern. Returns how many there were. */
export async function forget(redis: Redis, pattern: string): Promise<number> {
  let forgotten = 0
  let cursor = '0'
  do {
    const [next, names] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000)
    if (names.length > 0) forgotten += await redis.del(...names)
    cursor = next
  } while (cursor !== '0')
  return forgotten
}

function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostLogBytes) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}

/** What the process that gave up said last. */
export function lastFatal(folder: string): string | undefined {
  const lines = readFileSync(logFileOf(folder), 'utf8').trimEnd().split('\n')
  const fatal = lines.findLast((line) => line.startsWith('{"level":60'))
  if (fatal === undefined) return undefined
  const entry: { err?: { message?: string } } = JSON.parse(fatal)
  return entry.err?.message
}
