import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

/** Number of workers, on all hosts, with a recent heartbeat. */
export const countWorkers = (redis: Redis, keys: Keys): Promise<number> =>
  redis.zcount(keys.workers, Date.now() - ttl.heartbeat * 1_000, '+inf')
