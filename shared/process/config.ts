import { availableParallelism, totalmem } from 'node:os'
import { KindGuard, Type, type Static, type TObject } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ScriptoriumError } from './errors.ts'
import { faultsOf } from './schema-faults.ts'
import { ofAggregator } from './settings/aggregator.ts'
import { ofApi } from './settings/api.ts'
import { common } from './settings/common.ts'
import { ofFleet, ofWorker } from './settings/worker.ts'

export const apiSchema = Type.Object({ ...common, ...ofApi })
export const aggregatorSchema = Type.Object({ ...common, ...ofAggregator })
export const workerSchema = Type.Object({ ...common, ...ofWorker })
export const fleetSchema = Type.Object({ ...common, ...ofFleet })

export type ApiConfig = Static<typeof apiSchema>
export type AggregatorConfig = Static<typeof aggregatorSchema>
export type WorkerConfig = Static<typeof workerSchema>

/**
 * Reads the variables that `schema` names from `environment`, fills in defaults and checks all of them.
 * Throws one `configuration` error that names every bad variable.
 */
export function readConfig<T extends TObject>(
  schema: T,
  environment: Record<string, string | undefined>,
): Static<T> {
  const given = Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, property]) => {
      const text = environment[name]
      if (text === undefined || text === '') return []
      // TypeBox's own conversion would silently truncate 1.5 workers to 1.
      const isNumeric = KindGuard.IsNumber(property) || KindGuard.IsInteger(property)
      return [[name, isNumeric ? Number(text) : text]]
    }),
  )
  const values = Value.Default(schema, given)
  if (Value.Check(schema, values)) return values
  const wrong = [...faultsOf(Value.Errors(schema, values))].map(({ path, message }) => {
    const name = path.slice(1)
    // A typo in a secret leaves the rest of it valid.
    const isSecret = /^SCRIPTORIUM_(SECRET|TOKENS)$/.test(name)
    const value = (environment[name] ?? '').replace(/\/\/[^/]*@/, '//…@')
    return `${name}${isSecret ? '' : `=${value}`} ${message}`
  })
  throw new ScriptoriumError('configuration', `invalid environment: ${wrong.join('; ')}`)
}

/** Returns the Redis address from the environment. Throws `configuration` without one. */
export function requireRedisUrl(url: string | undefined): string {
  if (url !== undefined) return url
  throw new ScriptoriumError(
    'configuration',
    'REDIS_URL is not set; give the address of the Redis that all processes share',
  )
}

/** Planned memory per worker: two engines, a 12-megapixel page and Node itself. */
export const bytesPerWorker = 750 * 2 ** 20

/** Number of workers for this machine or container: its usable cores, fewer where memory is short. */
export function defaultWorkerCount(): number {
  // libuv reads the affinity mask and the cgroup's CPU quota.
  const cores = availableParallelism()
  return Math.max(1, Math.min(cores, Math.floor((usableMemory() * 0.8) / bytesPerWorker)))
}

/** Memory that all our processes may use together, bytes: the machine's, or less where a container has a limit. */
export function usableMemory(): number {
  // 0 without a limit; larger than the machine's memory where cgroups say "max".
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** More memory helps no page: 100 megapixels of colour need less. */
const maxDecodeBytes = 1536 * 2 ** 20
const minDecodeBytes = 256 * 2 ** 20

/** Resolves SCRIPTORIUM_DECODE_MEMORY: a role and its decoder process share a container. */
export function decodeMemory(given: number): number {
  if (given > 0) return given
  return Math.min(maxDecodeBytes, Math.max(minDecodeBytes, Math.floor(usableMemory() / 2)))
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration in milliseconds; 0 = unlimited. */
export function durationMs(text: string): number {
  const [, count = '0', unit] = /^([0-9]+)([smhd])$/.exec(text) ?? []
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(count) * unitMs[unit]
    : 0
}

/** Splits a comma-separated list. */
export const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
