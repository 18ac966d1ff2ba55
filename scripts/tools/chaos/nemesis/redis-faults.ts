import type { ChaosFault } from './fault.ts'
import { moment } from './fault.ts'

/** Faults of the link to Redis, and of its data. */
export const redisFaults: readonly ChaosFault[] = [
  {
    name: 'cut link',
    holds: 'link',
    lastsMs: moment,
    strike({ world }) {
      world.link.cut()
      return { target: 'every connection to Redis' }
    },
  },
  {
    name: 'refuse link',
    holds: 'link',
    lastsMs: [500, 6_000],
    strike({ world }) {
      world.link.set('refuse')
      world.link.cut()
      return { target: 'every connection to Redis', heal: () => world.link.set('pass') }
    },
  },
  {
    name: 'black hole',
    holds: 'link',
    lastsMs: [2_000, 15_000],
    strike({ world }) {
      world.link.set('blackhole')
      return { target: 'every connection to Redis', heal: () => world.link.set('pass') }
    },
  },
  {
    name: 'wipe redis',
    holds: 'redis',
    lastsMs: moment,
    async strike({ world }) {
      await world.redis.control.flushall()
      return { target: 'redis' }
    },
  },
  {
    name: 'fill redis',
    holds: 'redis',
    lastsMs: [1_000, 8_000],
    async strike({ world: { redis } }) {
      await redis.control.config('SET', 'maxmemory', '1mb')
      return {
        target: 'redis',
        heal: () => redis.control.config('SET', 'maxmemory', '0'),
      }
    },
  },
  {
    name: 'pause clients',
    holds: 'redis',
    lastsMs: [500, 4_000],
    async strike({ world: { redis } }) {
      await redis.control.call('CLIENT', 'PAUSE', 60_000, 'WRITE')
      return { target: 'redis', heal: () => redis.control.call('CLIENT', 'UNPAUSE') }
    },
  },
]
