import type { Lease } from '../../../shared/redis/lease.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'

/** A lease without contenders. */
export function freeLease(redis: Redis): Lease {
  const write: Lease['write'] = async (commands) => {
    const pipeline = redis.pipeline()
    for (const [name, ...args] of commands) pipeline.call(name, ...args)
    const failure = (await pipeline.exec())?.find(([error]) => error !== null)?.[0]
    if (failure) throw failure
  }
  return { held: () => Promise.resolve(), write, writeSmall: write }
}
