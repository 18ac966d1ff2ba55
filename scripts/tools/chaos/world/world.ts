import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findProcesses } from '../../common/processes.ts'
import type { History } from '../history/history.ts'
import { openDisk } from './disk.ts'
import { createLedgerLook } from './ledger.ts'
import { openLink } from './link.ts'
import { signalProcess } from './process.ts'
import { freePort } from './ports.ts'
import { startRedis } from './redis.ts'
import { startRole, type ChaosRole } from './role.ts'
import { chaosWorkers, type ChaosSetting } from './setting.ts'
import { waitUntilReady } from './ready.ts'

const mains = {
  aggregator: ['--max-semi-space-size=4', 'services/aggregator/main.ts'],
  fleet: ['workers/fleet/main.ts'],
  api: ['--max-semi-space-size=4', '--heap-growing-percent=70', 'services/api/main.ts'],
} as const
export type RoleName = keyof typeof mains

/** Starts Redis behind a link, an aggregator, a fleet and an API, all in a folder of their own. */
export async function startWorld(setting: ChaosSetting, history: History) {
  const folder = mkdtempSync(join(setting.folder, 'world-'))
  const at = (name: string): string => join(folder, name)
  const folders = { data: at('data'), out: at('out'), input: at('in'), log: at('log') }
  const disks = {
    data: openDisk(folders.data, setting.isRoot),
    out: openDisk(folders.out, setting.isRoot),
    redis: openDisk(at('redis'), setting.isRoot),
  }
  for (const name of [folders.input, folders.log]) mkdirSync(name)
  const redis = await startRedis(setting, at('redis'), folders.log, history)
  const link = await openLink(redis.port)
  const apiPort = await freePort()
  const address = `http://127.0.0.1:${apiPort}`
  const environment: NodeJS.ProcessEnv = {
    ...setting.environment,
    REDIS_URL: `redis://127.0.0.1:${link.port}`,
    SCRIPTORIUM_DATA: folders.data,
    SCRIPTORIUM_OUTPUT: folders.out,
    SCRIPTORIUM_ROOTS: `in=${folders.input}`,
    SCRIPTORIUM_WORKERS: String(chaosWorkers),
    PORT: String(apiPort),
  }
  const start = (main: RoleName, name: string = main, more: NodeJS.ProcessEnv = {}): ChaosRole =>
    startRole({
      name,
      node: setting.node,
      arguments: mains[main],
      repository: setting.old ?? setting.repository,
      environment: { ...environment, ...more },
      log: join(folders.log, `${name}.log`),
      history,
    })
  const roles = { aggregator: start('aggregator'), fleet: start('fleet'), api: start('api') }
  /** Undoes every fault, even one whose own heal failed because Redis was unreachable. */
  const heal = async (): Promise<void> => {
    link.set('pass')
    for (const disk of Object.values(disks)) disk.free()
    redis.start()
    const running = redis.pid()
    if (running !== undefined) signalProcess(running, 'SIGCONT')
    await redis.unlimit()
  }
  const world = {
    setting,
    folder,
    folders,
    disks,
    redis,
    link,
    address,
    environment,
    roles,
    ledger: createLedgerLook(folders.data),
    start,
    heal,
    /** Stops everything. Returns the names of processes that had to be killed. */
    async close(): Promise<string[]> {
      await heal()
      await Promise.all(Object.values(roles).map((role) => role.close()))
      await redis.close()
      link.close()
      const left = await endLeftovers(setting.folder)
      for (const disk of Object.values(disks)) disk.close()
      return left
    },
  }
  try {
    await waitUntilReady(world.address, setting.stopping)
  } catch (thrown) {
    await world.close()
    throw thrown
  }
  return world
}

export type World = Awaited<ReturnType<typeof startWorld>>

/** Waits for the remaining processes of a world to exit, then kills them. */
async function endLeftovers(folder: string): Promise<string[]> {
  const deadline = performance.now() + 10_000
  let left = findProcesses(folder)
  while (left.length > 0 && performance.now() < deadline) {
    await delay(100)
    left = findProcesses(folder)
  }
  for (const { pid } of left) signalProcess(pid, 'SIGKILL')
  return left.map(({ pid, role }) => `${role} ${pid}`)
}
