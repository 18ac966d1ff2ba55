import { hash } from 'node:crypto'
import { toError } from '../../process/errors.ts'
import type { Redis } from './redis.ts'

type Argument = string | number | Buffer

/**
 * A Lua script that Redis runs atomically. It is sent by its hash, and in full where Redis does not know it: a restart
 * clears the script cache. Without a `#!lua` line a full Redis runs it as long as its commands only free memory.
 */
export function createScript(lua: string) {
  const sha = hash('sha1', lua)
  return async (
    redis: Redis,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<unknown> => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args)
    } catch (thrown) {
      if (!toError(thrown).message.startsWith('NOSCRIPT')) throw thrown
      return await redis.eval(lua, keys.length, ...keys, ...args)
    }
  }
}

/** One Redis command as sent. */
export type RedisCommand = readonly [name: string, ...args: Argument[]]
