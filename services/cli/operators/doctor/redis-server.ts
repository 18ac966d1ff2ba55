import { execFileSync } from 'node:child_process'
import { toError } from '../../../../shared/process/errors.ts'
import { withoutPassword, type Redis } from '../../../../shared/redis/connection/redis.ts'
import { findBinary } from '../../../embedded/redis-server.ts'
import { formatBytes, ok, warning, wrong, type Check } from './check.ts'

const oldestMajor = 7
/** Connections of one worker, of the aggregator and the API together, and to spare. */
const connectionsPerWorker = 4
const otherConnections = 20
const maxSkewMs = 2_000
const filling = 0.8

/** The fields of INFO. */
type Info = (field: string) => string

/** The server that a run without REDIS_URL starts for itself. */
export function checkOwnServer(searchPath: string): Check {
  try {
    const binary = findBinary(searchPath)
    const text = execFileSync(binary, ['--version'], { encoding: 'utf8', timeout: 10_000 })
    const [, version = '', major = ''] = /v=((\d+)\.[\d.]+)/.exec(text) ?? []
    if (Number(major) >= oldestMajor) return ok('redis', `${binary}, version ${version}`)
    const cure = `install Redis or Valkey ${oldestMajor} or newer, or set REDIS_URL`
    return wrong('redis', `${binary} is too old (${version || text.trim()})`, cure)
  } catch (thrown) {
    const cure =
      'apt-get install redis-server, dnf install valkey, brew install redis; or set REDIS_URL'
    return wrong('redis', toError(thrown).message, cure)
  }
}

/** A server that answers: version, memory, persistence, connections, clock. */
export async function checkServer(redis: Redis, url: string, workers: number): Promise<Check[]> {
  const info = parseInfo(await redis.info())
  const sentAt = Date.now()
  const [seconds, microseconds] = await redis.time()
  const halfwayMs = (sentAt + Date.now()) / 2
  const skewMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000 - halfwayMs
  return [
    checkVersion(info, withoutPassword(url)),
    checkRole(info),
    checkPolicy(info),
    checkMemory(info),
    checkPersistence(info),
    checkClients(info, workers),
    checkClock(skewMs),
  ]
}

export function parseInfo(text: string): Info {
  const fields = new Map(
    text.split(/\r?\n/).map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)]
    }),
  )
  return (field) => fields.get(field) ?? ''
}

export function checkVersion(info: Info, address: string): Check {
  const valkey = info('valkey_version')
  const version = valkey === '' ? `Redis ${info('redis_version')}` : `Valkey ${valkey}`
  const major = Number((valkey || info('redis_version')).split('.')[0])
  return major >= oldestMajor
    ? ok('redis', `${version} at ${address}`)
    : wrong('redis', `${version} is too old`, `upgrade it to version ${oldestMajor} or newer`)
}

export function checkRole(info: Info): Check {
  if (info('role') === 'slave') {
    const cure = 'name its primary in REDIS_URL'
    return wrong('redis role', 'a replica, which takes no writes', cure)
  }
  if (info('cluster_enabled') === '1') {
    const cure = 'use a Redis without cluster mode: the keys of one queue must be on one node'
    return wrong('redis role', 'a cluster', cure)
  }
  return ok('redis role', 'primary')
}

export function checkPolicy(info: Info): Check {
  const policy = info('maxmemory_policy')
  if (policy === 'noeviction') return ok('redis eviction', policy)
  const cure = 'redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf'
  return info('maxmemory') === '0'
    ? warning('redis eviction', `${policy}, and no maxmemory: jobs go as soon as one is set`, cure)
    : wrong('redis eviction', `${policy}: jobs may be thrown away`, cure)
}

export function checkMemory(info: Info): Check {
  const used = Number(info('used_memory'))
  const max = Number(info('maxmemory'))
  const machine = Number(info('total_system_memory'))
  const limit = max > 0 ? max : machine
  const found = `${formatBytes(used)} of ${formatBytes(limit)} ${max > 0 ? '(maxmemory)' : '(the machine)'}`
  const cure = 'raise maxmemory, or wait until the queue is shorter'
  if (max > 0 && used >= max) return wrong('redis memory', `${found}: writes are refused`, cure)
  return limit > 0 && used > filling * limit
    ? warning('redis memory', found, cure)
    : ok('redis memory', found)
}

export function checkPersistence(info: Info): Check {
  const name = 'redis persistence'
  const failed = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status']
    .filter((field) => info(field) === 'err')
    .join(', ')
  if (failed !== '') {
    const cure = 'free its disk, or give it write permission; its log names the cause'
    return wrong(name, `${failed} failed: it may refuse writes`, cure)
  }
  if (info('aof_enabled') === '1') return ok(name, 'append-only file')
  const cure = 'redis-cli CONFIG SET appendonly yes, and the same in redis.conf'
  const found = 'no append-only file: after a restart of Redis pages are read again'
  return warning(name, found, cure)
}

export function checkClients(info: Info, workers: number): Check {
  const max = Number(info('maxclients'))
  const connected = Number(info('connected_clients'))
  const needed = workers * connectionsPerWorker + otherConnections
  const found = `${connected} connected, maxclients ${max}`
  const isTight = max > 0 && max < Math.max(needed, connected + otherConnections)
  const cure = `redis-cli CONFIG SET maxclients ${Math.max(10_000, 2 * needed)}, and ulimit -n above it`
  return isTight ? warning('redis clients', found, cure) : ok('redis clients', found)
}

export function checkClock(skewMs: number): Check {
  const found = `${Math.abs(skewMs / 1_000).toFixed(1)} s ${skewMs < 0 ? 'ahead of' : 'behind'} Redis`
  const cure = 'let NTP set the clocks (timedatectl set-ntp true): retries and ages go by them'
  return Math.abs(skewMs) > maxSkewMs
    ? warning('clock', found, cure)
    : ok('clock', 'as that of Redis')
}
