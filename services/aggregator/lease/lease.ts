import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createKeys, ttl } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createScript } from '../../../shared/redis/connection/redis-script.ts'
import { nameHolder, takeLock } from '../../../shared/files/file-lock.ts'
import { requireWritable } from '../../../shared/files/folder-access.ts'
import { folderMode } from '../../../shared/files/private-files.ts'
import { finishRestore } from '../../ledger/copies/restored.ts'
import { heldBy, holderIn, placeOf, type Claimant } from './lease-holder.ts'

interface Deps {
  redis: Redis
  prefix: string
  /** This process holds the kernel's lock on it. */
  folder: string
  /** The id of its ledger. */
  ledger: string
  log: Lines
}

const ttlMs = ttl.lease * 1_000
const renewEveryMs = 3_000
/** A lease is uncertain this long before it expires: a write takes time to reach Redis. */
const marginMs = 5_000
const watchEveryMs = 500
const releaseMs = 1_000

/**
 * The value in Redis is a token and the holder. The token is Redis's clock, so it increases, even after Redis was
 * wiped. A full Redis must accept it: whoever frees memory needs the lease.
 */
const takeLease = createScript(`#!lua flags=allow-oom
  local held = redis.call('GET', KEYS[1])
  if held and held ~= ARGV[1] and string.sub(held, -#ARGV[2]) ~= ARGV[2] then return held end
  local now = redis.call('TIME')
  local value = now[1] .. string.format('%06d', now[2]) .. ' ' .. ARGV[2]
  redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
  return {value}
`)

const renewLease = createScript(`
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

const releaseLease = createScript(`
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`)

/** Each command is preceded by the number of its parts. Cheaper than WATCH, which needs one more round trip. */
const fencedLua = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  local index = 2
  while index <= #ARGV do
    local last = index + tonumber(ARGV[index])
    redis.call(unpack(ARGV, index + 1, last))
    index = last + 1
  end
  return 1
`
const fencedWrite = createScript(fencedLua)
const fencedSmallWrite = createScript(`#!lua flags=allow-oom${fencedLua}`)

/**
 * The lease on a prefix: two aggregators with a ledger each would take results from one another. Every write that takes
 * data from others names the tenure in which it is made, so that an aggregator which was frozen while another took over
 * does no harm when it wakes up. Own code: `redlock` gives no such number to its holder.
 */
export function createLease({ redis, prefix, folder, ledger, log }: Deps) {
  const key = createKeys(prefix).lease
  const names = [key]
  const about: Claimant = { folder, ledger, place: placeOf(folderLock(folder)) }
  const mine = JSON.stringify({ id: randomUUID(), pid: process.pid, host: hostname(), ...about })
  const end = Promise.withResolvers<never>()
  end.promise.catch(() => undefined) // Every process that awaits it still gets the rejection.
  let value = ''
  let heldAt = clock()
  let isSure = false
  let lost: ScriptoriumError | undefined
  let renewing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  /** Acquires the lease where it is free, or held by a value that may be replaced. Otherwise returns the holder. */
  const claim = async (instead = ''): Promise<string | undefined> => {
    const began = clock()
    const answer = await takeLease(redis, names, [instead, mine, ttlMs])
    if (!Array.isArray(answer)) return String(answer)
    value = String(answer[0])
    heldAt = began
    isSure = true
    return undefined
  }

  const renew = async (): Promise<void> => {
    const began = clock()
    if ((await renewLease(redis, names, [value, ttlMs])) === 1) {
      heldAt = began
      isSure = true
      return
    }
    isSure = false
    const other = await claim() // Redis was wiped, or the lease expired while we could not renew it.
    if (other === undefined) return log.warn({}, 'the lease was missing, acquired it again')
    clearInterval(timer)
    lost = heldBy(key, about, other)
    end.reject(lost)
  }
  const renewOnce = (): Promise<void> =>
    (renewing ??= renew().finally(() => {
      renewing = undefined
    }))

  const held = async (): Promise<void> => {
    if (lost === undefined && !(isSure && isRecent(heldAt))) await renewOnce()
    if (lost !== undefined) throw lost
  }

  const fenced =
    (script: typeof fencedWrite): Lease['write'] =>
    async (commands) => {
      const args = commands.flatMap((command) => [command.length, ...command])
      for (;;) {
        await held()
        if ((await script(redis, names, [value, ...args])) === 1) return
        isSure = false
      }
    }
  return {
    held,
    write: fenced(fencedWrite),
    writeSmall: fenced(fencedSmallWrite),
    /** Rejects when another process has taken the lease: all further work of this process is useless. */
    lost: end.promise,
    /**
     * Acquires the lease, unless `stopping` comes first. A lease of an earlier process with our folder is taken at
     * once: the kernel's lock on the folder proves that it is dead. Another's lease must expire first. Throws
     * `configuration` if its holder renews it.
     */
    async take(stopping: AbortSignal): Promise<void> {
      let other = await claim()
      let before: { other: string; leftMs: number } | undefined
      while (other !== undefined && !stopping.aborted) {
        if (holderIn(other)?.place === about.place) {
          other = await claim(other)
          continue
        }
        const leftMs: number = await redis.pttl(key)
        if (before?.other === other && leftMs > before.leftMs) throw heldBy(key, about, other)
        if (before?.other !== other)
          log.warn({ holder: holderIn(other) }, 'another aggregator holds the lease, waiting')
        before = { other, leftMs }
        await delay(watchEveryMs)
        other = await claim()
      }
      // Rejected or disconnected: the next heartbeat retries, and writers in between check the lease.
      if (other === undefined)
        timer = setInterval(() => void renewOnce().catch(() => undefined), renewEveryMs)
    },
    /** Releases the lease for the next process; if Redis is unreachable, that process waits until the lease expires. */
    async release(): Promise<void> {
      clearInterval(timer)
      const released = releaseLease(redis, names, [value]).catch(() => undefined)
      await Promise.race([released, delay(releaseMs, undefined, { ref: false })])
    },
  }
}

/** Milliseconds on two clocks: one stops while the machine sleeps, the other may be set back. */
const clock = () => ({ steady: performance.now(), wall: Date.now() })

function isRecent(then: ReturnType<typeof clock>): boolean {
  const now = clock()
  return Math.max(now.steady - then.steady, now.wall - then.wall) < ttlMs - marginMs
}

/** The lock file of a ledger's folder: it stays there whether or not it is locked. */
const folderLock = (folder: string): string => join(folder, 'aggregator.lock')

/**
 * Reserves the ledger's folder for this process until it is released, and finishes an interrupted restore there.
 * Garbage collection of the release function releases the folder. Throws `configuration` where it is not writable or
 * another process has it.
 */
export function takeFolder(folder: string): () => void {
  requireWritable('SCRIPTORIUM_DATA', folder, 'configuration', folderMode)
  const lock = takeLock(folderLock(folder))
  if ('release' in lock) {
    finishRestore(folder)
    return lock.release
  }
  const message = `${folder} is in use by ${nameHolder(lock.holder)}; one aggregator writes a ledger`
  throw new ScriptoriumError('configuration', message)
}
