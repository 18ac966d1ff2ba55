import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pRetry from 'p-retry'
import { createLogger } from '../../../../shared/process/logger.ts'
import { connectForAnswers, type Redis } from '../../../../shared/redis/connection/redis.ts'
import type { History } from '../history/history.ts'
import { freePort } from './ports.ts'
import { signalProcess, startProcess, type Started } from './process.ts'
import type { ChaosSetting } from './setting.ts'

/** The Redis of a world: a server that can be killed, and our own way to it beside the link. */
interface RedisServer {
  port: number
  control: Redis
  pid: () => number | undefined
  kill: () => Promise<void>
  start: () => void
  /** Removes its memory limit and unpauses clients; waits until it answers. */
  unlimit: () => Promise<void>
  close: () => Promise<void>
}

const stopMs = 10_000
const restartMs = 1_000
/** A server that ends this soon after its start has not come up; after so many in a row its file is to blame. */
const earlyMs = 20_000
const maxEarlyExits = 15
/** A Redis that was just started reads its file first. */
const answerTries = 240

/** Starts a Redis on a free port. */
export async function startRedis(
  setting: ChaosSetting,
  folder: string,
  log: string,
  history: History,
): Promise<RedisServer> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  let server: Started | undefined
  let isWanted = true
  let timer: NodeJS.Timeout | undefined
  let earlyExits = 0
  const launch = (): void => {
    if (server?.isRunning() === true) return
    if (earlyExits >= maxEarlyExits) setAside()
    const started = startProcess({
      program: 'redis-server',
      arguments: settings(port, folder),
      folder,
      environment: setting.environment,
      log: join(log, 'redis.log'),
    })
    server = started
    void watch(started, performance.now())
  }
  /** As docker-compose.yml has it: one that ends by itself, because its disk is full, is started again. */
  const watch = async ({ ended }: Started, startedAt: number): Promise<void> => {
    const exit = await ended
    if (!isWanted) return
    history.note('exit', { role: 'redis', ...exit })
    earlyExits = performance.now() - startedAt < earlyMs ? earlyExits + 1 : 0
    timer = setTimeout(launch, restartMs)
  }
  /** Moves Redis's files away, as an operator does when Redis cannot read them: the ledger holds all that matters. */
  const setAside = (): void => {
    earlyExits = 0
    history.note('set aside', { file: 'appendonlydir' })
    rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
  }
  const start = (): void => {
    isWanted = true
    clearTimeout(timer)
    launch()
  }
  start()
  const control = await connectForAnswers(
    `redis://127.0.0.1:${port}`,
    createLogger('chaos', 'silent'),
  )
  const pid = (): number | undefined => (server?.isRunning() === true ? server.pid : undefined)
  return {
    port,
    control,
    pid,
    start,
    async kill() {
      isWanted = false
      clearTimeout(timer)
      const running = pid()
      if (running !== undefined) signalProcess(running, 'SIGKILL')
      await server?.ended
    },
    async unlimit() {
      await pRetry(
        async () => {
          await control.config('SET', 'maxmemory', '0')
          await control.call('CLIENT', 'UNPAUSE')
        },
        { retries: answerTries, minTimeout: 250, factor: 1 },
      )
    },
    async close() {
      isWanted = false
      clearTimeout(timer)
      control.disconnect()
      await server?.stop(stopMs)
    },
  }
}

/** With an append-only file, as docker-compose.yml has it. */
function settings(port: number, folder: string): string[] {
  const fixed =
    '--bind 127.0.0.1 --appendonly yes --appendfsync everysec --maxmemory-policy noeviction'
  return [...fixed.split(' '), '--port', String(port), '--dir', folder, '--save', '']
}
