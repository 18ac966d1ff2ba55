import { hostname } from 'node:os'
import { touch } from '../../shared/beat-file.ts'
import { heartbeatMs, type AggregatorSign } from '../../shared/heartbeats.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import type { Redis } from '../../shared/redis.ts'
import { version } from '../../shared/version.ts'

/** Says every few seconds that an aggregator is there, and how it does: an ingest waits for it, the API tells. */
export function startAggregatorHeartbeat(
  redis: Redis,
  keys: Keys,
  describe: () => Pick<AggregatorSign, 'isLedgerWritable' | 'pagesPerMinute'>,
  beatFile?: string,
): () => Promise<unknown> {
  const beat = (): void => {
    const sign: AggregatorSign = { pid: process.pid, host: hostname(), version, ...describe() }
    redis
      .set(keys.aggregator, JSON.stringify(sign), 'EX', ttl.heartbeat)
      .then(() => touch(beatFile))
      .catch(() => undefined)
  }
  beat()
  const timer = setInterval(beat, heartbeatMs)
  return () => {
    clearInterval(timer)
    return redis.del(keys.aggregator)
  }
}
