import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openHistory } from '../chaos/history/history.ts'
import { freePort } from '../chaos/world/ports.ts'
import { startRedis } from '../chaos/world/redis.ts'
import { startRole, type ChaosRole } from '../chaos/world/role.ts'
import type { ChaosSetting } from '../chaos/world/setting.ts'
import { createCage, type Cage } from './cages.ts'
import { waitUntilReady } from '../chaos/world/ready.ts'

const mebibyte = 2 ** 20

/** The roles as in docker-compose.yml, and their memory. */
const commands = {
  aggregator: {
    maxBytes: 768 * mebibyte,
    arguments: ['--max-semi-space-size=4', 'services/aggregator/main.ts'],
  },
  api: {
    maxBytes: 512 * mebibyte,
    arguments: ['--max-semi-space-size=4', '--heap-growing-percent=70', 'services/api/main.ts'],
  },
  'worker-1': {
    maxBytes: 1_024 * mebibyte,
    arguments: ['--max-semi-space-size=4', 'workers/ocr/main.ts'],
  },
  'worker-2': {
    maxBytes: 1_024 * mebibyte,
    arguments: ['--max-semi-space-size=4', 'workers/ocr/main.ts'],
  },
} as const
type RoleName = keyof typeof commands

/** Starts Redis, aggregator, API and two workers, each in a cage where cages are available. */
export async function startFleet(setting: ChaosSetting, out: string, say: (line: string) => void) {
  const at = (name: string): string => join(setting.folder, name)
  const folders = { data: at('data'), out: at('out'), input: at('in'), log: join(out, 'logs') }
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true })
  const history = openHistory(out)
  const redis = await startRedis(setting, at('redis'), folders.log, history)
  const port = await freePort()
  const environment: NodeJS.ProcessEnv = {
    ...setting.environment,
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    SCRIPTORIUM_DATA: folders.data,
    SCRIPTORIUM_OUTPUT: folders.out,
    SCRIPTORIUM_ROOTS: `in=${folders.input}`,
    SCRIPTORIUM_RATE_LIMIT: '1000000',
    PORT: String(port),
  }
  const cages: Cage[] = []
  const start = (name: RoleName): ChaosRole => {
    const { maxBytes, arguments: arguments_ } = commands[name]
    const command = [setting.node, ...arguments_]
    const cage = createCage(`scriptorium-fuzz-${process.pid}-${name}`, maxBytes)
    if (typeof cage === 'string') say(`${name}: ${cage}`)
    else cages.push(cage)
    const [node, rest] = typeof cage === 'string' ? [setting.node, arguments_] : cage.wrap(command)
    return startRole({
      name,
      node,
      arguments: rest,
      repository: setting.repository,
      environment,
      log: join(folders.log, `${name}.log`),
      history,
    })
  }
  const roles = [start('aggregator'), start('api'), start('worker-1'), start('worker-2')]
  const fleet = {
    folders,
    environment,
    roles,
    address: `http://127.0.0.1:${port}`,
    /** Unexpected exits of processes: a worker that makes room for a new one exits with 0. */
    deaths: (): string[] =>
      roles.flatMap(({ name, exits }) =>
        exits
          .filter(({ code }) => code !== 0)
          .map(({ code, signal }) => `${name} ended with ${signal ?? code}`),
      ),
    async close(): Promise<void> {
      await Promise.all(roles.map((role) => role.close()))
      await redis.close()
      for (const cage of cages) cage.close()
    },
  }
  try {
    await waitUntilReady(fleet.address, setting.stopping)
  } catch (thrown) {
    await fleet.close()
    throw thrown
  }
  return fleet
}

export type Fleet = Awaited<ReturnType<typeof startFleet>>
