import type { World } from '../world/world.ts'
import type { ChaosFault } from './fault.ts'

const disks: readonly [name: string, disk: keyof World['disks']][] = [
  ['output', 'out'],
  ['ledger and spool', 'data'],
  ["redis's file", 'redis'],
]

/** Fills each disk for a while. */
export const diskFaults: readonly ChaosFault[] = disks.map(([name, disk]) => ({
  name: `fill ${disk} disk`,
  // A Redis that cannot write its file may be unable to restart.
  holds: disk === 'redis' ? 'redis' : `disk ${disk}`,
  lastsMs: [1_000, 8_000],
  lacks: (world) =>
    world.disks[disk].canFill ? undefined : 'mounting a separate disk requires root',
  strike({ world }) {
    world.disks[disk].fill()
    return {
      target: `the disk of ${name}`,
      heal() {
        world.disks[disk].free()
        world.redis.start() // It exits where it cannot write.
      },
    }
  },
}))
