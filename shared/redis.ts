import { Redis } from 'ioredis'
import { ScriptoriumError, toError } from './errors.ts'
import type { Logger } from './logger.ts'

export type { Redis }

/** How long a service that starts waits for its Redis; one that is loading its file says so only when it is done. */
const firstAnswerMs = 20_000

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
  reportOutages(redis, log)
  return redis
}

/** One line when it goes, one when it is back. */
function reportOutages(redis: Redis, log: Logger): void {
  let isDown = false
  redis.on('error', (error: Error) => {
    if (!isDown) log.warn({ err: error.message }, 'Redis is away, waiting for it')
    isDown = true
  })
  redis.on('ready', () => {
    if (isDown) log.info('Redis is back')
    isDown = false
  })
}

/**
 * What a service that starts asks its Redis first. Throws `redis_unreachable` where no answer comes in time: whoever runs
 * the service starts it again, and its last log line says what is wrong.
 */
async function firstAnswer<T>(redis: Redis, url: string, answer: Promise<T>): Promise<T> {
  let problem: unknown = new Error('no answer')
  const note = (error: Error): unknown => (problem = error)
  redis.on('error', note)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(problem), firstAnswerMs)
  try {
    return await Promise.race([answer, late.promise])
  } catch (thrown) {
    redis.disconnect()
    throw unreachable(url, thrown)
  } finally {
    clearTimeout(timer)
    redis.off('error', note)
  }
}

const unreachable = (url: string, thrown: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'redis_unreachable',
    `Redis at ${withoutPassword(url)} does not answer (${toError(thrown).message}); start it, or correct REDIS_URL`,
    { cause: thrown },
  )

/**
 * A connection for answering requests: once Redis was there, commands fail at once while it is away, and the caller is
 * told to come back.
 */
export async function connectForAnswers(url: string, log: Logger): Promise<Redis> {
  const redis = new Redis(address(url), {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    socketTimeout: 20_000,
    commandTimeout: 5_000,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1_000),
  })
  reportOutages(redis, log)
  const ready = new Promise<void>((resolve) => redis.once('ready', () => resolve()))
  await firstAnswer(redis, url, ready)
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
    throw unreachable(url, thrown)
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

/**
 * Refuses a Redis that would forget jobs under memory pressure, one that is too old for our commands, and one that does
 * not answer.
 */
export async function checkRedis(redis: Redis, url: string): Promise<void> {
  const info = await firstAnswer(redis, url, redis.info())
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
