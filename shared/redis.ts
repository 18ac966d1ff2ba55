import { Redis } from 'ioredis'
import { ScriptoriumError, toError } from './errors.ts'
import type { Logger } from './logger.ts'

export type { Redis }

/**
 * A connection that waits for Redis for ever and resends what an outage swallowed: for workers and the aggregator.
 * The socket timeout is what notices a link that went silent; it exceeds BullMQ's longest blocking read (10 s).
 */
export function connectPatiently(url: string, log: Logger): Redis {
  const redis = new Redis(address(url), {
    maxRetriesPerRequest: null,
    socketTimeout: 20_000,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  })
  let isDown = false
  redis.on('error', (error: Error) => {
    if (!isDown) log.warn({ err: error.message }, 'Redis is away, waiting for it')
    isDown = true
  })
  redis.on('ready', () => {
    if (isDown) log.info('Redis is back')
    isDown = false
  })
  return redis
}

/**
 * A connection for a person who waits: the first answer comes within `deadlineMs` or not at all.
 * Throws `redis_unreachable`, naming the address without its password.
 */
export async function connectPromptly(url: string, deadlineMs = 5_000): Promise<Redis> {
  const redis = new Redis(address(url), {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    socketTimeout: 20_000,
    connectTimeout: deadlineMs,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1_000),
  })
  const problems: Error[] = []
  redis.on('error', (error) => problems.push(error))
  const timer = AbortSignal.timeout(deadlineMs)
  const late = new Promise<never>((_, reject) => {
    timer.addEventListener('abort', () => reject(problems.at(-1) ?? new Error('no answer')))
  })
  try {
    await Promise.race([redis.connect().catch(() => redis.ping()), late])
    await Promise.race([redis.ping(), late])
    return redis
  } catch (thrown) {
    redis.disconnect()
    throw new ScriptoriumError(
      'redis_unreachable',
      `Redis at ${withoutPassword(url)} does not answer (${toError(thrown).message}); start it, or correct REDIS_URL`,
      { cause: thrown },
    )
  } finally {
    redis.removeAllListeners('error')
    redis.on('error', () => undefined) // Outages later on are waited out; ioredis would print each one.
  }
}

/** ioredis takes a socket's path as it is and everything else as a URL. */
const address = (url: string): string => url.replace(/^unix:\/\//, '')

export function withoutPassword(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, '//')
}

/** Refuses a Redis that would forget jobs under memory pressure, and one that is too old for our commands. */
export async function checkRedis(redis: Redis): Promise<void> {
  const info = await redis.info()
  const value = (name: string): string =>
    new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
  const major = Number(value('redis_version').split('.')[0])
  if (!(major >= 7) && !(Number(value('valkey_version').split('.')[0]) >= 7)) {
    throw new ScriptoriumError(
      'configuration',
      `Redis ${value('redis_version')} is too old; version 7 or newer is needed`,
    )
  }
  if (value('maxmemory') !== '0' && value('maxmemory_policy') !== 'noeviction') {
    throw new ScriptoriumError(
      'configuration',
      `Redis may throw jobs away (maxmemory-policy ${value('maxmemory_policy')}); set it to noeviction`,
    )
  }
}
