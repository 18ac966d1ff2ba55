import { hostname } from 'node:os'
import { touchBeatFile } from '../../shared/files/private-files.ts'
import { heartbeatMs, type AggregatorSign } from '../../shared/redis/heartbeats.ts'
import { ttl, type Keys } from '../../shared/redis/keys.ts'
import type { Lease } from '../../shared/redis/lease.ts'
import { createLoopLag } from '../../shared/process/waiting/loop-lag.ts'
import { version } from '../../shared/process/version.ts'

interface Deps {
  lease: Pick<Lease, 'writeSmall'>
  keys: Keys
  describe: () => Omit<AggregatorSign, 'pid' | 'host' | 'version' | 'rssBytes' | 'loopLagMs'>
  /** Adds the figures of this process to those of the service. */
  flushMeasures: () => Promise<void>
  beatFile?: string | undefined
}

/** The next heartbeat carries the same information; after the last one, the figures of some seconds are lost. */
const ignore = (): void => undefined

/** Publishes the aggregator's state every few seconds: an ingest waits for it, the API shows it. */
export function startAggregatorHeartbeat(deps: Deps): () => Promise<unknown> {
  const { lease, keys, describe, flushMeasures, beatFile } = deps
  const lag = createLoopLag()
  const beat = (): void => {
    const sign: AggregatorSign = {
      pid: process.pid,
      host: hostname(),
      version,
      ...describe(),
      rssBytes: process.memoryUsage.rss(),
      loopLagMs: lag.takeMs(),
    }
    lease
      .writeSmall([['SET', keys.aggregator, JSON.stringify(sign), 'EX', ttl.heartbeat]])
      .then(() => touchBeatFile(beatFile))
      .catch(ignore)
    flushMeasures().catch(ignore)
  }
  beat()
  const timer = setInterval(beat, heartbeatMs)
  return async () => {
    clearInterval(timer)
    lag.close()
    await flushMeasures().catch(ignore)
    return lease.writeSmall([['DEL', keys.aggregator]])
  }
}
