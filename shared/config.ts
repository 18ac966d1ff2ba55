import { availableParallelism, totalmem } from 'node:os'
import { KindGuard, Type, type Static, type TObject } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ScriptoriumError } from './errors.ts'
import { oneOf } from './one-of.ts'

/** What every process reads from its environment. */
const common = {
  REDIS_URL: Type.Optional(Type.String({ pattern: '^(rediss?|unix)://.+|^/.+' })),
  SCRIPTORIUM_PREFIX: Type.String({ default: 'scriptorium', pattern: '^[a-z0-9-]{1,40}$' }),
  SCRIPTORIUM_LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
  }),
  /** `tesseract.js`, or the path of a module that exports `createEngine`. */
  SCRIPTORIUM_ENGINE: Type.String({ default: 'tesseract.js', minLength: 1 }),
  TESSDATA_PREFIX: Type.Optional(Type.String({ minLength: 1 })),
}

export const aggregatorSchema = Type.Object({
  ...common,
  /** Folder of the ledger. */
  SCRIPTORIUM_DATA: Type.String({ default: './data', minLength: 1 }),
  /** Most documents of one run on the queue at a time. */
  SCRIPTORIUM_WINDOW: Type.Integer({ default: 20_000, minimum: 1, maximum: 1_000_000 }),
  /** Longest pause between two reconciling passes, milliseconds. */
  SCRIPTORIUM_RECONCILE_MS: Type.Integer({ default: 10_000, minimum: 100 }),
  SCRIPTORIUM_DRAIN_MS: Type.Integer({ default: 30_000, minimum: 0 }),
})

export const workerSchema = Type.Object({
  ...common,
  /** Languages of the engine that is loaded at start, `+` between them. */
  SCRIPTORIUM_LANGUAGES: Type.String({ default: 'eng', minLength: 1 }),
  /** A job of a worker that stopped renewing its lock for this long is given to another, milliseconds. */
  SCRIPTORIUM_LOCK_MS: Type.Integer({ default: 20_000, minimum: 1_000 }),
  SCRIPTORIUM_STALL_CHECK_MS: Type.Integer({ default: 5_000, minimum: 500 }),
  SCRIPTORIUM_DRAIN_MS: Type.Integer({ default: 30_000, minimum: 0 }),
  SCRIPTORIUM_MAX_MEGAPIXELS: Type.Number({ default: 100, exclusiveMinimum: 0 }),
  SCRIPTORIUM_MAX_FILE_BYTES: Type.Integer({ default: 512 * 2 ** 20, minimum: 1 }),
  SCRIPTORIUM_MAX_PAGES: Type.Integer({ default: 2_000, minimum: 1 }),
  /** Pages after which the engine, and after which the process, is replaced. */
  SCRIPTORIUM_ENGINE_PAGES: Type.Integer({ default: 500, minimum: 1 }),
  SCRIPTORIUM_WORKER_PAGES: Type.Integer({ default: 20_000, minimum: 1 }),
  /** Resident memory above which the engine is replaced after a page, bytes. */
  SCRIPTORIUM_WORKER_RSS: Type.Integer({ default: 400 * 2 ** 20, minimum: 2 ** 20 }),
})

export const fleetSchema = Type.Object({
  ...common,
  /** Worker processes; 0 = as many as the usable cores and the memory allow. */
  SCRIPTORIUM_WORKERS: Type.Integer({ default: 0, minimum: 0, maximum: 1_024 }),
  SCRIPTORIUM_DRAIN_MS: Type.Integer({ default: 30_000, minimum: 0 }),
})

export type AggregatorConfig = Static<typeof aggregatorSchema>
export type WorkerConfig = Static<typeof workerSchema>
export type FleetConfig = Static<typeof fleetSchema>

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
      // TypeBox's own conversion would cut 1.5 workers down to 1 without a word.
      const isNumeric = KindGuard.IsNumber(property) || KindGuard.IsInteger(property)
      return [[name, isNumeric ? Number(text) : text]]
    }),
  )
  const values = Value.Default(schema, given)
  if (Value.Check(schema, values)) return values
  const wrong = [...Value.Errors(schema, values)].map((error) => {
    const name = error.path.slice(1)
    return name === '' ? error.message : `${name}=${environment[name] ?? ''} ${error.message}`
  })
  const unique = [...new Set(wrong)].join('; ')
  throw new ScriptoriumError('configuration', `wrong environment: ${unique}`)
}

/** The address from the environment. Throws `configuration` where there is none. */
export function requireRedisUrl(url: string | undefined): string {
  if (url !== undefined) return url
  throw new ScriptoriumError(
    'configuration',
    'REDIS_URL is not set; give the address of the Redis that all processes share',
  )
}

/** Worker memory that one process is planned with: an engine, a 12-megapixel page and Node itself. */
const bytesPerWorker = 450 * 2 ** 20

/** How many workers this machine or container carries: its usable cores, fewer where memory is short. */
export function defaultWorkerCount(): number {
  // libuv reads the affinity mask and the cgroup's CPU quota.
  const cores = availableParallelism()
  // 0 without a limit; a number larger than the machine's memory where cgroups say "max".
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.max(1, Math.min(cores, Math.floor((memory * 0.8) / bytesPerWorker)))
}
