import { touch } from '../../shared/beat-file.ts'
import { ttl, type Keys } from '../../shared/keys.ts'
import { heartbeatMs, type Heartbeat } from '../../shared/heartbeats.ts'
import type { Redis } from '../../shared/redis.ts'

/** Writes a sign of life to Redis every few seconds, for people and for dashboards; it expires by itself. */
export function startHeartbeat(
  redis: Redis,
  keys: Keys,
  describe: () => Heartbeat,
  beatFile: string | undefined,
) {
  const beat = (): void => {
    const heartbeat = describe()
    const key = keys.worker(heartbeat.id)
    redis
      .multi()
      .set(key, JSON.stringify(heartbeat), 'EX', ttl.heartbeat)
      .zadd(keys.workers, Date.now(), heartbeat.id)
      .zremrangebyscore(keys.workers, 0, Date.now() - ttl.heartbeat * 1_000)
      .exec()
      .then(() => touch(beatFile))
      .catch(() => undefined) // The next beat tells as much as this one.
  }
  beat()
  const timer = setInterval(beat, heartbeatMs)
  return async (): Promise<void> => {
    clearInterval(timer)
    const { id } = describe()
    await redis.multi().del(keys.worker(id)).zrem(keys.workers, id).exec()
  }
}
