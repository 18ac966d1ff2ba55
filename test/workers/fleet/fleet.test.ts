import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createKeys } from '../../../shared/redis/keys.ts'
import { createFleet } from '../../../workers/fleet/fleet.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { silent, startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { waitFor } from '../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

/** A fleet of real workers whose engine does nothing; `engine` is its source. */
function setUp(t: TestContext, size: number, given: Record<string, string> = {}) {
  scenes += 1
  const prefix = `f${scenes}`
  const engine = join(makeFolder(t), 'engine.mjs')
  writeFileSync(engine, 'export const createEngine = async () => ({ close: async () => {} })')
  const exits: number[] = []
  const fleet = createFleet({
    size,
    environment: {
      ...process.env,
      REDIS_URL: server.url,
      SCRIPTORIUM_PREFIX: prefix,
      SCRIPTORIUM_ENGINE: engine,
      SCRIPTORIUM_LOG_LEVEL: 'silent',
      ...given,
    },
    drainMs: 10_000,
    giveUp: (exitCode) => void exits.push(exitCode),
    log: silent,
  })
  t.after(() => fleet.close())
  const workers = async (): Promise<number[]> => {
    const ids = await redis.zrange(createKeys(prefix).workers, '0', '-1')
    return ids.map((id) => Number(id.split('-').at(-1))).filter(isAlive)
  }
  return { fleet, exits, workers }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a fleet starts its workers, replaces dead ones, and ends all of them when it closes', async (t) => {
  const { fleet, workers } = setUp(t, 2)
  fleet.run()
  const first = await waitFor('two workers', async () => {
    const pids = await workers()
    return pids.length === 2 && pids
  })
  process.kill(first[0] ?? 0, 'SIGKILL')
  const second = await waitFor('the dead one is replaced', async () => {
    const pids = await workers()
    return pids.length === 2 && !pids.includes(first[0] ?? 0) && pids
  })
  assert.ok(second.includes(first[1] ?? 0), 'the other one went on')
  await fleet.close()
  assert.deepEqual(second.filter(isAlive), [])
})

test('workers that fail on their configuration are not restarted', async (t) => {
  const { fleet, exits } = setUp(t, 1, { SCRIPTORIUM_ENGINE: '/no/such/engine.mjs' })
  fleet.run()
  await waitFor('the fleet gives up', () => exits.length > 0)
  assert.deepEqual(exits, [9])
})

test('a fleet closed before its workers are ready leaves none behind', async (t) => {
  const { fleet, workers } = setUp(t, 1)
  fleet.run()
  await fleet.close()
  assert.deepEqual(await workers(), [])
})
