import { hostname } from 'node:os'
import { touchBeatFile } from '../../shared/files/private-files.ts'
import { heartbeatMs, type AggregatorSign } from '../../shared/redis/heartbeats.ts'
import { ttl, type Keys } from '../../shared/redis/keys.ts'
import type { Lease } from '../../shared/redis/lease.ts'
import { version } from '../../shared/process/version.ts'

/** Publishes the aggregator's state every few seconds: an ingest waits for it, the API shows it. */
export function startAggregatorHeartbeat(
  lease: Pick<Lease, 'writeSmall'>,
  keys: Keys,
  describe: () => Pick<AggregatorSign, 'isLedgerWritable' | 'pagesPerMinute'>,
  beatFile?: string,
): () => Promise<unknown> {
  const beat = (): void => {
    const sign: AggregatorSign = { pid: process.pid, host: hostname(), version, ...describe() }
    lease
      .writeSmall([['SET', keys.aggregator, JSON.stringify(sign), 'EX', ttl.heartbeat]])
      .then(() => touchBeatFile(beatFile))
      .catch(() => undefined)
  }
  beat()
  const timer = setInterval(beat, heartbeatMs)
  return () => {
    clearInterval(timer)
    return lease.writeSmall([['DEL', keys.aggregator]])
  }
}
