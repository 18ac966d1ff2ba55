import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createKeys } from '../../shared/redis/keys.ts'
import { createPageQueue } from '../../shared/redis/queue.ts'
import { takePrivateFolder, writePrivateFile } from '../../shared/files/private-files.ts'
import { connectPromptly, type Redis } from '../../shared/redis/connection/redis.ts'
import { readHandMarks } from '../../shared/hands/hand-marks.ts'
import { supervise, type Supervised } from '../../shared/process/supervisor.ts'
import { handFile } from '../aggregator/in-hand.ts'
import { handFiles } from '../api/in-hand.ts'
import { openLog } from './log-file.ts'
import { startRedisServer } from './redis-server.ts'
import { createTroubles, type Troubles } from './troubles.ts'
import { programFile } from '../../shared/files/package-root.ts'

interface Options {
  /** A shared Redis; without one, a private one is started. */
  redisUrl?: string
  /** Folder of the ledger. */
  dataFolder: string
  /** Folder of Redis's file, the log, and the address of the socket. */
  stateFolder: string
  environment: NodeJS.ProcessEnv
  prefix: string
  drainMs: number
  withFleet: boolean
  /** Called when a process cannot start because of its configuration; only that ends the whole stack. */
  onMisconfigured: (reason: string) => void
  /** Called with a line for users when a process has died and is restarted. */
  onTrouble: (line: string) => void
}

const aggregatorMain = programFile('services/aggregator/main')
const apiMain = programFile('services/api/main')
const fleetMain = programFile('workers/fleet/main')
/** V8's default lets the young generation grow with the machine's memory: 340 MB where 190 MB suffice. */
const aggregatorFlags = ['--max-semi-space-size=4']
/**
 * Memory of finished uploads is freed soon: with 2 and 40 V8's collector took half of the API's time; with 8 and V8's
 * own growth of the old heap 5 000 uploads left 283 MB instead of 177 MB.
 */
const apiFlags = ['--max-semi-space-size=4', '--heap-growing-percent=70']
/** A stopped child gets this much longer than its own deadline. */
const marginMs = 5_000
const redisDeadlineMs = 10_000

/** Folder of a private Redis's file. */
export const redisFolder = (stateFolder: string): string => join(stateFolder, 'redis')

/** File in which `status` finds the socket of an active run. */
export const addressFile = (stateFolder: string): string => join(stateFolder, 'redis.url')

/**
 * A whole service on one machine: a private Redis, the aggregator and the fleet as children of this process.
 * `withFleet` starts the fleet first, so that engines load while Redis starts.
 */
export async function startStack(options: Options) {
  const { dataFolder, stateFolder, environment, drainMs } = options
  takePrivateFolder(stateFolder)
  const troubles = createTroubles(stateFolder, options.onTrouble)
  const server = findServer(options, troubles)
  const logFile = openLog(stateFolder)
  // Other processes need no secret for a private Redis.
  const isPrivate = options.redisUrl === undefined
  const secret =
    environment['SCRIPTORIUM_SECRET'] || (isPrivate ? randomBytes(32).toString('hex') : undefined)
  const settings = {
    REDIS_URL: server.url,
    ...(secret !== undefined && { SCRIPTORIUM_SECRET: secret }),
  }
  const env = { ...environment, ...settings, SCRIPTORIUM_DATA: dataFolder }
  // Only the API needs the callers' tokens.
  const withoutTokens = { ...env, SCRIPTORIUM_TOKENS: undefined }
  const aggregatorHands = (): string[] => [handFile(dataFolder)]
  const apiHands = (): string[] => handFiles(dataFolder)
  const start = (
    name: string,
    main: string,
    flags: string[] = [],
    inHand: () => string[] = () => [],
    onMessage?: (message: unknown) => void,
  ): Supervised =>
    supervise({
      // It detects our death by itself.
      launch() {
        const stdio = ['ignore', logFile.descriptor, logFile.descriptor, 'ipc'] as const
        const child = fork(main, [], {
          env: main === apiMain ? env : withoutTokens,
          execArgv: flags,
          stdio: [...stdio],
        })
        if (onMessage !== undefined) child.on('message', onMessage)
        return child
      },
      onMisconfigured: () => options.onMisconfigured(troubles.reasonOf(name)),
      onDeath: (death) => troubles.tell(name, death),
      hasInHand: () => inHand().some((file) => (readHandMarks(file)?.items.length ?? 0) > 0),
    })
  let aggregator: Supervised | undefined
  let fleet = options.withFleet ? start('fleet', fleetMain) : undefined
  let api: Supervised | undefined
  const redis = await openRedis(options, server.url).catch(async (thrown: unknown) => {
    await fleet?.stop(0)
    await server.stop()
    throw thrown
  })
  writePrivateFile(addressFile(stateFolder), server.url)

  return {
    url: server.url,
    redis,
    /** The settings that encrypt passwords. */
    settings,
    startAggregator(): void {
      aggregator ??= start('aggregator', aggregatorMain, aggregatorFlags, aggregatorHands)
    },
    startFleet(): void {
      fleet ??= start('fleet', fleetMain)
    },
    /** Starts the API; calls `onAddress` when it listens, also after a restart. */
    startApi(onAddress: (address: string) => void): void {
      api ??= start('API', apiMain, apiFlags, apiHands, (message) => {
        const isAddress = typeof message === 'object' && message !== null && 'address' in message
        if (isAddress) onAddress(String(message.address))
      })
    },
    /** Lets current pages finish; no new ones begin. */
    async stopFleet(): Promise<void> {
      await fleet?.stop(drainMs + marginMs)
    },
    /**
     * Stops API, fleet, aggregator and Redis, each after its last client. A signal to the process group has reached all
     * of them: a role that ends before its turn is not restarted. Unrecorded results wait in Redis for the next start.
     */
    async close(): Promise<void> {
      for (const role of [api, fleet, aggregator]) role?.retire()
      await api?.stop(drainMs + marginMs)
      await fleet?.stop(drainMs + marginMs)
      await aggregator?.stop(drainMs + marginMs)
      redis.disconnect()
      await server.stop()
      rmSync(addressFile(stateFolder), { force: true })
      logFile.close()
    },
  }
}

/** A private Redis, or the shared one, which we must not stop. */
function findServer({ redisUrl, stateFolder, environment }: Options, troubles: Troubles) {
  if (redisUrl !== undefined) return { url: redisUrl, stop: async () => undefined }
  return startRedisServer({
    folder: redisFolder(stateFolder),
    searchPath: environment['PATH'] ?? '',
    onDeath: (death, lastWords) => troubles.tell('private Redis', death, lastWords),
  })
}

const openRedis = ({ redisUrl, prefix }: Options, url: string): Promise<Redis> =>
  redisUrl === undefined ? openQueue(url, prefix) : connectPromptly(url, redisDeadlineMs)

/**
 * The ledger plans the jobs of a private Redis again, and an active job of a dead worker would block until its lock
 * expired. Uncollected results stay.
 */
async function openQueue(url: string, prefix: string): Promise<Redis> {
  const redis = await connectPromptly(url, redisDeadlineMs)
  const keys = createKeys(prefix)
  const queue = createPageQueue(redis, keys)
  await queue.clear()
  await queue.close()
  // The kill that ended the previous run also killed its workers: no active page is to blame for that.
  await forget(redis, keys.begun('*'))
  return redis
}

/** Deletes all keys that match a pattern. Returns their number. */
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
