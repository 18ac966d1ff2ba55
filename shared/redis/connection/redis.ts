import { Redis, type Command } from 'ioredis'
import { awaitUntil } from '../../process/waiting/await-until.ts'
import { ScriptoriumError, toError } from '../../process/errors.ts'
import type { Lines } from '../../process/outage-log.ts'
import { delayAfter } from '../../process/waiting/retry.ts'

export type { Redis }

/**
 * Maximum time for which a starting service waits for its Redis; a Redis that loads its file gives that reason only at
 * the end.
 */
const firstAnswerMs = 20_000
/** Delays between attempts to connect. */
const patientDelays = { firstMs: 100, maxMs: 2_000 }
const promptDelays = { firstMs: 100, maxMs: 1_000 }
/** Timeout for a connection, and then for its first answer. */
const greetingMs = 5_000

/**
 * A connection that waits for Redis indefinitely and resends commands that an outage lost: for workers and the
 * aggregator. The socket timeout detects a silent link; it exceeds BullMQ's longest blocking read (10 s).
 */
export function connectPatiently(url: string, log: Lines): Redis {
  const redis = new Redis(address(url), {
    maxRetriesPerRequest: null,
    socketTimeout: 20_000,
    connectTimeout: greetingMs,
    retryStrategy: (times) => delayAfter(times, patientDelays),
  })
  reportOutages(redis, log)
  giveUpSilent(redis)
  return redis
}

/**
 * A link that drops all data may still accept connections: without a greeting such a connection would last for the
 * socket timeout.
 */
function giveUpSilent(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    const look = (): void => {
      if (stream.bytesRead === 0) stream.destroy(new Error('no answer on a new connection'))
    }
    setTimeout(look, greetingMs).unref()
  })
}

/**
 * Logs one line at the start of an outage and one at its end; `log` limits the rate, as a link may break many times a
 * second.
 */
function reportOutages(redis: Redis, log: Lines): void {
  let isDown = false
  redis.on('error', (error: Error) => {
    if (!isDown) log.warn({ err: error.message }, 'Redis is unreachable, reconnecting')
    isDown = true
  })
  redis.on('ready', () => {
    if (isDown) log.info({}, 'Redis is reachable again')
    isDown = false
  })
}

/**
 * The first request of a starting service to its Redis. Throws `redis_unreachable` after a timeout: the service manager
 * restarts the service, and its last log line gives the cause.
 */
async function firstAnswer<T>(redis: Redis, url: string, answer: Promise<T>): Promise<T> {
  let problem: unknown = new Error('no answer')
  const note = (error: Error): unknown => (problem = error)
  redis.on('error', note)
  try {
    return await awaitUntil(answer, { deadlineMs: firstAnswerMs, late: () => toError(problem) })
  } catch (thrown) {
    redis.disconnect()
    throw unreachable(url, thrown)
  } finally {
    redis.off('error', note)
  }
}

const unreachable = (url: string, thrown: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'redis_unreachable',
    `Redis at ${withoutPassword(url)} does not answer (${toError(thrown).message}); start it, or correct REDIS_URL`,
    { cause: thrown },
  )

/** Timeout of one command. */
const commandMs = 5_000

/**
 * Closes a connection on which one command was not answered in time: a link that drops all data ends by itself only at
 * the socket timeout, and until then every request would wait for its own deadline. An answer that has already arrived
 * is taken first: a process that was suspended finds the deadline passed before it reads, and ioredis' `commandTimeout`
 * blames Redis for that.
 */
class PromptRedis extends Redis {
  /** Commands that a lost connection left unanswered are resent once on the next one, within the same deadline. */
  #sent = new WeakSet<Command>()

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const answer = super.sendCommand(command, stream)
    if (command.isSettled || this.#sent.has(command)) return answer
    this.#sent.add(command)
    const giveUp = (): void => {
      if (command.isSettled) return
      command.reject(new Error('Command timed out'))
      this.disconnect(true)
    }
    const timer = setTimeout(() => setImmediate(giveUp), commandMs)
    const forget = (): void => clearTimeout(timer)
    command.promise.then(forget, forget)
    return answer
  }
}

/**
 * A connection for answering requests: after the first connection, commands fail at once while Redis is unreachable,
 * and the caller is asked to retry.
 */
export async function connectForAnswers(url: string, log: Lines): Promise<Redis> {
  const redis = new PromptRedis(address(url), {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    socketTimeout: 20_000,
    disconnectTimeout: 200,
    connectTimeout: 5_000,
    retryStrategy: (times) => delayAfter(times, promptDelays),
  })
  reportOutages(redis, log)
  const ready = new Promise<void>((resolve) => redis.once('ready', () => resolve()))
  await firstAnswer(redis, url, ready)
  return redis
}

/**
 * A connection for an interactive user: the first answer arrives within `deadlineMs` or not at all. Throws
 * `redis_unreachable`, naming the address without its password.
 */
export async function connectPromptly(url: string, deadlineMs = 5_000): Promise<Redis> {
  const redis = new Redis(address(url), {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    socketTimeout: 20_000,
    connectTimeout: deadlineMs,
    retryStrategy: (times) => delayAfter(times, promptDelays),
  })
  const problems: Error[] = []
  redis.on('error', (error) => problems.push(error))
  const late = (): Error => problems.at(-1) ?? new Error('no answer')
  const connected = redis.connect().catch(() => redis.ping())
  try {
    await awaitUntil(
      connected.then(() => redis.ping()),
      { deadlineMs, late },
    )
    return redis
  } catch (thrown) {
    redis.disconnect()
    throw unreachable(url, thrown)
  } finally {
    redis.removeAllListeners('error')
    redis.on('error', () => undefined) // Later outages are retried silently; ioredis would print each one.
  }
}

/** BullMQ compares the clocks of hosts by the second: retries that one schedules are taken up by another. */
const maxClockOffMs = 60_000

/** Throws `clock_off` where the clock of this host differs from Redis's. */
export async function requireSameClock(
  redis: Pick<Redis, 'time'>,
  nowMs = Date.now(),
): Promise<void> {
  const [seconds] = await redis.time()
  const offMs = nowMs - Number(seconds) * 1_000
  if (Math.abs(offMs) <= maxClockOffMs) return
  const off = `${Math.round(Math.abs(offMs) / 1_000)} s ${offMs > 0 ? 'ahead of' : 'behind'}`
  throw new ScriptoriumError(
    'clock_off',
    `the clock of this host is ${off} that of Redis; set both by NTP`,
  )
}

/** ioredis takes a socket path without a scheme, and everything else as a URL. */
const address = (url: string): string => url.replace(/^unix:\/\//, '')

export function withoutPassword(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, '//')
}

/**
 * Rejects a Redis that would evict jobs under memory pressure, one that is too old for our commands, one that does
 * not answer, and one on a host with another time.
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
      `Redis may evict jobs (maxmemory-policy ${value('maxmemory_policy')}); set it to noeviction`,
    )
  }
  await requireSameClock(redis)
}
