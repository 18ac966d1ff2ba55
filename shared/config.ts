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
  /** `tesseract.js`, `native` for the machine's own tesseract, or the path of a module that exports `createEngine`. */
  SCRIPTORIUM_ENGINE: Type.String({ default: 'tesseract.js', minLength: 1 }),
  TESSDATA_PREFIX: Type.Optional(Type.String({ minLength: 1 })),
  /** Touched whenever Redis has taken a heartbeat: what a container's health check looks at. */
  SCRIPTORIUM_BEAT_FILE: Type.Optional(Type.String({ minLength: 1 })),
}

/** How long uploads and their results are kept: `30d`, `12h`, …, or `off` for ever. */
const retention = Type.String({ default: '30d', pattern: '^(off|[1-9][0-9]{0,5}[smhd])$' })
/** Private networks that webhooks and URL sources may reach all the same: CIDRs, comma-separated. */
const outboundAllow = Type.String({ default: '' })
const maxFileBytes = Type.Integer({ default: 512 * 2 ** 20, minimum: 1 })

export const aggregatorSchema = Type.Object({
  ...common,
  /** Folder of the ledger. */
  SCRIPTORIUM_DATA: Type.String({ default: './data', minLength: 1 }),
  /** Where folder runs write, if they all write below one folder: it is tried at the start. */
  SCRIPTORIUM_OUTPUT: Type.Optional(Type.String({ minLength: 1 })),
  /** Most documents of one run on the queue at a time. */
  SCRIPTORIUM_WINDOW: Type.Integer({ default: 20_000, minimum: 1, maximum: 1_000_000 }),
  /** Longest pause between two reconciling passes, milliseconds. */
  SCRIPTORIUM_RECONCILE_MS: Type.Integer({ default: 10_000, minimum: 100 }),
  SCRIPTORIUM_DRAIN_MS: Type.Integer({ default: 30_000, minimum: 0 }),
  SCRIPTORIUM_RETENTION: retention,
  /** Whether what is read can be searched for. */
  SCRIPTORIUM_SEARCH: oneOf(['on', 'off'], { default: 'on' }),
  SCRIPTORIUM_OUTBOUND_ALLOW: outboundAllow,
})

export const apiSchema = Type.Object({
  ...common,
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  /** Where the port is published, if HOST is a container's: what must be loopback without tokens. */
  SCRIPTORIUM_PUBLISHED_ON: Type.Optional(Type.String({ minLength: 1 })),
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535 }),
  /** Folder of the ledger and the spool. */
  SCRIPTORIUM_DATA: Type.String({ default: './data', minLength: 1 }),
  /** Where folder runs write: `<output>/<root>/<path>`. */
  SCRIPTORIUM_OUTPUT: Type.Optional(Type.String({ minLength: 1 })),
  /** Folders that runs may read: `name=/folder`, comma-separated. */
  SCRIPTORIUM_ROOTS: Type.String({ default: '' }),
  /** `name:scope+scope:sha256`, comma-separated; `npm run token` makes one. */
  SCRIPTORIUM_TOKENS: Type.String({ default: '' }),
  /** Requests a minute of one token; 0 = as many as it likes. */
  SCRIPTORIUM_RATE_LIMIT: Type.Integer({ default: 60_000, minimum: 0 }),
  /** Origins whose pages may call, comma-separated. */
  SCRIPTORIUM_CORS: Type.String({ default: '' }),
  SCRIPTORIUM_URL_SOURCES: oneOf(['on', 'off'], { default: 'off' }),
  SCRIPTORIUM_OUTBOUND_ALLOW: outboundAllow,
  SCRIPTORIUM_MAX_FILE_BYTES: maxFileBytes,
  SCRIPTORIUM_MAX_REQUEST_BYTES: Type.Integer({ default: 2 * 2 ** 30, minimum: 1 }),
  SCRIPTORIUM_MAX_FILES: Type.Integer({ default: 100, minimum: 1, maximum: 1_000 }),
  /** Jobs on the queue beyond which uploads are asked to wait. */
  SCRIPTORIUM_MAX_QUEUE: Type.Integer({ default: 100_000, minimum: 1 }),
  /** Free space below which nothing is taken in, bytes. */
  SCRIPTORIUM_MIN_FREE_BYTES: Type.Integer({ default: 512 * 2 ** 20, minimum: 0 }),
  SCRIPTORIUM_RETENTION: retention,
  /** Proxies whose X-Forwarded-For is believed: addresses or CIDRs, comma-separated. */
  SCRIPTORIUM_TRUST_PROXY: Type.String({ default: '' }),
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
  SCRIPTORIUM_MAX_FILE_BYTES: maxFileBytes,
  SCRIPTORIUM_MAX_PAGES: Type.Integer({ default: 2_000, minimum: 1 }),
  /** Longest that opening a document, or decoding or rendering a page, may take, milliseconds. */
  SCRIPTORIUM_DECODE_MS: Type.Integer({ default: 60_000, minimum: 100 }),
  /** Most engines that a worker keeps warm, each for other languages; fewer where memory is short. */
  SCRIPTORIUM_ENGINES: Type.Integer({ default: 2, minimum: 1, maximum: 20 }),
  /** Pages after which the engine, and after which the process, is replaced. */
  SCRIPTORIUM_ENGINE_PAGES: Type.Integer({ default: 500, minimum: 1 }),
  SCRIPTORIUM_WORKER_PAGES: Type.Integer({ default: 20_000, minimum: 1 }),
  /** Resident memory above which engines are unloaded after a page, bytes. */
  SCRIPTORIUM_WORKER_RSS: Type.Integer({ default: 400 * 2 ** 20, minimum: 2 ** 20 }),
})

export const fleetSchema = Type.Object({
  ...common,
  /** Worker processes; 0 = as many as the usable cores and the memory allow. */
  SCRIPTORIUM_WORKERS: Type.Integer({ default: 0, minimum: 0, maximum: 1_024 }),
  /** How far workers stand back for other processes, as nice(1) has it. */
  SCRIPTORIUM_NICE: Type.Integer({ default: 0, minimum: 0, maximum: 19 }),
  SCRIPTORIUM_DRAIN_MS: Type.Integer({ default: 30_000, minimum: 0 }),
})

export type ApiConfig = Static<typeof apiSchema>
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

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A retention in milliseconds; 0 = for ever. */
export function retentionMs(text: string): number {
  const [, count = '0', unit] = /^([0-9]+)([smhd])$/.exec(text) ?? []
  return unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
    ? Number(count) * unitMs[unit]
    : 0
}

/** The parts of a comma-separated list. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
