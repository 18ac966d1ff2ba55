import { existsSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { startIngest } from '../clients/ingest-run.ts'
import type { RoleCommand } from '../world/role.ts'
import type { World } from '../world/world.ts'
import { chooseTarget, moment, type ChaosFault } from './fault.ts'

const fakeTime = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/faketime/libfaketime.so.1',
].find((file) => existsSync(file))

const clockSteps = ['-10m', '+10m']
const stopMs = 30_000

/** Second instances, wrong clocks, and restarts of one role after the other. */
export const instanceFaults: readonly ChaosFault[] = [
  {
    name: 'second aggregator, other folder',
    holds: 'second aggregator',
    lastsMs: [4_000, 10_000],
    strike({ world }) {
      const data = mkdtempSync(join(world.folder, 'second-'))
      const second = world.start('aggregator', 'second-aggregator', { SCRIPTORIUM_DATA: data })
      return { target: 'an aggregator with an empty ledger', heal: () => second.close() }
    },
  },
  {
    name: 'second aggregator, same folder',
    holds: 'second aggregator',
    lastsMs: [4_000, 10_000],
    strike({ world }) {
      const second = world.start('aggregator', 'second-aggregator')
      return { target: 'an aggregator on the same ledger', heal: () => second.close() }
    },
  },
  {
    name: 'second ingest',
    holds: 'second ingest',
    lastsMs: [3_000, 6_000],
    strike({ world, clients, dice }) {
      const running = clients.runs.filter((run) => run.process() !== undefined)
      const run = chooseTarget(running, dice)
      if (run === undefined || run.kind === 'api') return undefined
      const second = startIngest(world, run.folder, run.kind)
      // Whichever of the two holds the folder, the exit of the other is correct.
      run.struck()
      return {
        target: `a second ${run.kind} on ${run.folder.name}`,
        heal: () => second.stop(stopMs),
      }
    },
  },
  {
    name: 'wrong clock',
    holds: 'second fleet',
    lastsMs: [5_000, 10_000],
    lacks: () => (fakeTime === undefined ? 'libfaketime is not installed' : undefined),
    strike({ world, dice }) {
      const step = chooseTarget(clockSteps, dice) ?? '+10m'
      const second = world.start('fleet', 'second-fleet', {
        LD_PRELOAD: fakeTime,
        FAKETIME: step,
        // A wrong clock does not change the times of files.
        NO_FAKE_STAT: '1',
        SCRIPTORIUM_WORKERS: '1',
      })
      return { target: `a worker whose clock is off by ${step}`, heal: () => second.close() }
    },
  },
  {
    name: 'rolling restart',
    holds: 'rolling restart',
    lastsMs: moment,
    async strike({ world }) {
      const codes = await restartEach(world, {})
      return { target: codes }
    },
  },
  {
    name: 'upgrade',
    holds: 'rolling restart',
    lastsMs: moment,
    lacks: ({ setting }) => (setting.old === undefined ? '--old names no checkout' : undefined),
    async strike({ world }) {
      return { target: await restartEach(world, { repository: world.setting.repository }) }
    },
  },
]

/** Restarts one role after the other, while the others work. Returns the exit codes. */
async function restartEach(world: World, command: Partial<RoleCommand>): Promise<string> {
  const codes: string[] = []
  for (const role of [world.roles.fleet, world.roles.aggregator, world.roles.api]) {
    const { code, signal } = await role.restart(command)
    codes.push(`${role.name} ${code ?? signal}`)
  }
  return codes.join(', ')
}
