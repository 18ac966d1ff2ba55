import { readBlocked, type Blocked } from '../../../shared/redis/abilities.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import {
  aggregatorSignSchema,
  heartbeatSchema,
  type AggregatorSign,
  type Heartbeat,
} from '../../../shared/redis/heartbeats.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { upgradeHeartbeat } from '../../../shared/contract/schema/upgrades.ts'

const parseHeartbeat = createParser('a heartbeat', heartbeatSchema, upgradeHeartbeat)
const parseSign = createParser("the aggregator's sign", aggregatorSignSchema)

/** The depth, which every upload needs, is counted at most this often, milliseconds. */
const depthFreshMs = 250
const blockedFreshMs = 500

/** The live workers and the queue depth. */
export function createFleetView(redis: Redis, keys: Keys, queue: PageQueue) {
  let seen: { blocked: Blocked; at: number } = { blocked: {}, at: Number.NEGATIVE_INFINITY }
  return {
    async workers(): Promise<Heartbeat[]> {
      const ids = await redis.zrange(keys.workers, '0', '-1')
      if (ids.length === 0) return []
      const texts = await redis.mget(ids.map((id) => keys.worker(id)))
      return texts.flatMap((text) => (text === null ? [] : (toHeartbeat(text) ?? [])))
    },
    async hasWorker(): Promise<boolean> {
      const ids = await redis.zrange(keys.workers, '0', '-1')
      return ids.length > 0 && (await redis.exists(ids.map((id) => keys.worker(id)))) > 0
    },
    async aggregator(): Promise<AggregatorSign | undefined> {
      const text = await redis.get(keys.aggregator)
      return text === null ? undefined : parseSign(JSON.parse(text))
    },
    /** Recipes that no live worker can read, by fingerprint; empty while Redis is unreachable. */
    async blocked(): Promise<Blocked> {
      if (performance.now() - seen.at > blockedFreshMs) {
        const blocked = await readBlocked(redis, keys).catch(() => ({}))
        seen = { blocked, at: performance.now() }
      }
      return seen.blocked
    },
    /** Jobs that wait for a worker; a fraction of a second old. */
    waiting: fresh(async () => {
      const { interactive, bulk } = await queue.waiting()
      return interactive + bulk
    }),
    /** Results that the aggregator has not recorded. */
    uncollected: () => redis.xlen(keys.results),
    /** The same, a fraction of a second old. */
    recentlyUncollected: fresh(() => redis.xlen(keys.results)),
  }
}

/** Counts that every upload needs, updated at most a few times a second. */
function fresh(count: () => Promise<number>): () => Promise<number> {
  let last = 0
  let at = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - at > depthFreshMs) {
      last = await count()
      at = performance.now()
    }
    return last
  }
}

export type FleetView = ReturnType<typeof createFleetView>

/** A worker of a version with another report format does not hide the others. */
function toHeartbeat(text: string): Heartbeat | undefined {
  try {
    return parseHeartbeat(JSON.parse(text))
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) return undefined
    throw thrown
  }
}
