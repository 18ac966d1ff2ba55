import type { Abilities } from '../../shared/redis/abilities.ts'
import { touchBeatFile } from '../../shared/files/private-files.ts'
import { createLoopLag } from '../../shared/process/waiting/loop-lag.ts'
import { ttl, type Keys } from '../../shared/redis/keys.ts'
import { heartbeatMs, type Heartbeat } from '../../shared/redis/heartbeats.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import { createScript } from '../../shared/redis/connection/redis-script.ts'

interface Deps {
  redis: Redis
  keys: Keys
  describe: () => Omit<Heartbeat, 'loopLagMs'>
  /** Reports which of the wanted recipes this worker can read. */
  tellAbilities: () => Promise<Abilities>
  /** Adds the figures of this process to those of the service. */
  flushMeasures: () => Promise<void>
  beatFile: string | undefined
}

/** The next heartbeat carries the same information; after the last one, the figures of some seconds are lost. */
const ignore = (): void => undefined

/**
 * A full Redis accepts it, too: it replaces the previous one, and a worker that pauses must not pass for dead.
 * Redis's clock counts: by its own, a host that is ahead would declare the workers of all others dead.
 */
const writeSign = createScript(`#!lua flags=allow-oom
  local ttl = tonumber(ARGV[4])
  local now = tonumber(redis.call('TIME')[1]) * 1000
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ttl)
  redis.call('SET', KEYS[2], ARGV[2], 'EX', ttl)
  redis.call('ZADD', KEYS[3], now, ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], 0, now - ttl * 1000)
  redis.call('EXPIRE', KEYS[3], ttl)
`)

/** Writes a heartbeat to Redis every few seconds, for people, dashboards and the aggregator; it expires by itself. */
export function startHeartbeat(deps: Deps) {
  const { redis, keys, describe, tellAbilities, flushMeasures, beatFile } = deps
  const lag = createLoopLag()
  const beat = async (): Promise<void> => {
    const abilities = await tellAbilities()
    const heartbeat: Heartbeat = { ...describe(), loopLagMs: lag.takeMs() }
    const { id } = heartbeat
    await writeSign(
      redis,
      [keys.worker(id), keys.abilities(id), keys.workers],
      [JSON.stringify(heartbeat), JSON.stringify(abilities), id, ttl.heartbeat],
    )
    touchBeatFile(beatFile)
    await flushMeasures()
  }
  let last = beat().catch(ignore)
  const timer = setInterval(() => {
    last = beat().catch(ignore)
  }, heartbeatMs)
  return async (): Promise<void> => {
    clearInterval(timer)
    lag.close()
    await last // Otherwise it would arrive after the deletion.
    await flushMeasures().catch(ignore)
    const { id } = describe()
    // No transaction: a full Redis would reject it.
    await redis.pipeline().del(keys.worker(id), keys.abilities(id)).zrem(keys.workers, id).exec()
  }
}
