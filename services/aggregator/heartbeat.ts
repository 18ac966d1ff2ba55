import { hostname } from 'node:os'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Redis } from '../../shared/redis.ts'
import { version } from '../../shared/version.ts'

/** Says every two seconds that an aggregator is there: an ingest waits for it, and names it when it is not. */
export function startAggregatorHeartbeat(redis: Redis, keys: Keys): () => Promise<unknown> {
  const sign = JSON.stringify({ pid: process.pid, host: hostname(), version })
  const beat = (): void => {
    redis.set(keys.aggregator, sign, 'EX', ttl.heartbeat).catch(() => undefined)
  }
  beat()
  const timer = setInterval(beat, 2_000)
  return () => {
    clearInterval(timer)
    return redis.del(keys.aggregator)
  }
}
