import type { Keys } from '../../shared/keys.ts'
import {
  aggregatorSignSchema,
  heartbeatSchema,
  type AggregatorSign,
  type Heartbeat,
} from '../../shared/heartbeats.ts'
import { createParser } from '../../shared/messages.ts'
import type { PageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'

const parseHeartbeat = createParser('a heartbeat', heartbeatSchema)
const parseSign = createParser("the aggregator's sign", aggregatorSignSchema)

/** A depth that is asked for with every upload is counted this often at most, milliseconds. */
const depthFreshMs = 250

/** Who is at work, and how much there is to do. */
export function createFleetView(redis: Redis, keys: Keys, queue: PageQueue) {
  let waiting = { count: 0, at: Number.NEGATIVE_INFINITY }
  return {
    async workers(): Promise<Heartbeat[]> {
      const ids = await redis.zrange(keys.workers, '0', '-1')
      if (ids.length === 0) return []
      const texts = await redis.mget(ids.map((id) => keys.worker(id)))
      return texts.flatMap((text) => (text === null ? [] : [parseHeartbeat(JSON.parse(text))]))
    },
    async aggregator(): Promise<AggregatorSign | undefined> {
      const text = await redis.get(keys.aggregator)
      return text === null ? undefined : parseSign(JSON.parse(text))
    },
    /** Jobs that wait for a worker; a fraction of a second old. */
    async waiting(): Promise<number> {
      if (performance.now() - waiting.at > depthFreshMs) {
        const { interactive, bulk } = await queue.waiting()
        waiting = { count: interactive + bulk, at: performance.now() }
      }
      return waiting.count
    },
    /** Results that the aggregator has not recorded. */
    uncollected: () => redis.xlen(keys.results),
  }
}

export type FleetView = ReturnType<typeof createFleetView>
