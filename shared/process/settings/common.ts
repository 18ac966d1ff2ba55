import { Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'
import { duration, integer, list, text } from './setting.ts'

/** Read by every process. */
export const common = {
  REDIS_URL: Type.Optional(
    text(
      'Address of Redis: `redis://`, `rediss://` or `unix://`. `npm start` and `ingest` start a private Redis without it',
      { pattern: '^(rediss?|unix)://.+|^/.+' },
    ),
  ),
  SCRIPTORIUM_SECRET: Type.Optional(
    text(
      "Encrypts PDF passwords in Redis; the same for every process. Without it, Redis's password of 16 characters or more is used, or PDF passwords are refused",
      { minLength: 16 },
    ),
  ),
  SCRIPTORIUM_PREFIX: text('First part of every Redis key', {
    default: 'scriptorium',
    pattern: '^[a-z0-9-]{1,40}$',
  }),
  SCRIPTORIUM_LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description:
      'Lowest level that is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    text('Address of an OpenTelemetry collector (OTLP over HTTP) that receives traces', {
      pattern: '^https?://.+',
    }),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(
    text('Headers for it: `name=value`, separated by commas, values percent-encoded'),
  ),
  SCRIPTORIUM_ENGINE: text(
    "`tesseract.js`, `native` (the machine's tesseract), `neural` (PP-OCR), or the path of a module that exports `createEngine`",
    { default: 'tesseract.js' },
  ),
  TESSDATA_PREFIX: Type.Optional(text('Folder of language data that is searched first')),
  SCRIPTORIUM_SECOND_ENGINE: oneOf(['off', 'neural', 'native'], {
    default: 'neural',
    description:
      'Engine beside `tesseract.js` or `native` that reads receipts and forms, and the lines of which the first one is not sure: `off`, `neural`, `native`',
  }),
  SCRIPTORIUM_NEURAL_MODELS: Type.Optional(
    text(
      'Folder of models for the neural engine: `det.onnx`, `rec.onnx`, `dict.txt`, `languages.txt`. The models of the npm package are used without it',
    ),
  ),
  SCRIPTORIUM_BEAT_FILE: Type.Optional(
    text('File that is touched after each heartbeat that Redis accepted, for health checks'),
  ),
  SCRIPTORIUM_DRAIN_MS: integer('ms', 'Deadline of a shutdown', { default: 30_000, minimum: 0 }),
}

export const dataFolder = text(
  'Folder of the ledger, the spool and the log; the same for API and aggregator',
  {
    default: './data',
  },
)
export const retention = duration('How long uploads and their results are kept', '30d')
export const outboundAllow = list(
  'Private networks that webhooks and URL sources may reach, as comma-separated CIDRs',
)
export const maxResults = integer(
  'results',
  'Unrecorded results above which workers pause and uploads are refused',
  { default: 2_000, minimum: 1, maximum: 1_000_000 },
)
export const maxFileBytes = integer(
  'bytes',
  'Size of a file; larger ones are refused (`upload_too_large`, `too_large`)',
  {
    default: 512 * 2 ** 20,
    minimum: 1,
  },
)
export const decoding = {
  SCRIPTORIUM_MAX_MEGAPIXELS: Type.Number({
    default: 100,
    exclusiveMinimum: 0,
    unit: 'megapixels',
    description: 'Size of a page; larger ones are refused (`too_many_pixels`)',
  }),
  SCRIPTORIUM_DECODE_MEMORY: integer(
    'bytes',
    'Memory of the confined decoder process; 0 for half of the memory, between 256 MiB and 1.5 GiB. Files that need more are refused (`too_much_memory`)',
    { default: 0, minimum: 0 },
  ),
}
