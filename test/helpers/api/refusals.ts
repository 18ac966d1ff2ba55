import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { PrivateRedis } from '../processes/private-redis.ts'
import { waitFor } from '../wait.ts'

/** Ways in which a Redis refuses writes, each until it is healed. */
interface Refusal {
  name: string
  begin: () => Promise<unknown>
  heal: () => Promise<unknown>
}

export function refusalsOf({ url }: PrivateRedis, redis: Redis): Refusal[] {
  const folder = dirname(url.replace('unix://', ''))
  return [
    {
      name: 'OOM',
      begin: () => redis.config('SET', 'maxmemory', '1mb'),
      heal: () => redis.config('SET', 'maxmemory', '0'),
    },
    {
      name: 'MISCONF',
      // A folder is in the place of its file, so saving fails.
      async begin() {
        mkdirSync(join(folder, 'dump.rdb'), { recursive: true })
        await redis.config('SET', 'save', '3600 1')
        await redis.bgsave()
        await waitFor('saving has failed', async () =>
          (await redis.info('persistence')).includes('rdb_last_bgsave_status:err'),
        )
      },
      heal: () => redis.config('SET', 'save', ''),
    },
    {
      name: 'READONLY',
      begin: () => redis.replicaof('127.0.0.1', 1),
      heal: () => redis.replicaof('NO', 'ONE'),
    },
    { name: 'NOSCRIPT', begin: () => redis.script('FLUSH'), heal: async () => undefined },
  ]
}
