import { Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'
import { decoding, maxFileBytes, maxResults } from './common.ts'
import { integer, text } from './setting.ts'

export const ofWorker = {
  SCRIPTORIUM_LANGUAGES: text('Languages of the engine that is loaded at start: `eng+deu`', {
    default: 'eng',
  }),
  SCRIPTORIUM_LOCK_MS: integer(
    'ms',
    'Lock of a job; another worker takes a job whose lock was not renewed for this long',
    { default: 20_000, minimum: 1_000 },
  ),
  SCRIPTORIUM_STALL_CHECK_MS: integer('ms', 'Interval of the check for expired locks', {
    default: 5_000,
    minimum: 500,
  }),
  SCRIPTORIUM_BLOBS: oneOf(['auto', 'disk', 'http'], {
    default: 'auto',
    description:
      'Where files come from: `disk`; `http`, the API; `auto`, the API for files that this host cannot open',
  }),
  SCRIPTORIUM_API_URL: Type.Optional(
    text('Address of the API, from which workers get files: `https://ocr.example`', {
      pattern: '^https?://[^\\s@]+$',
    }),
  ),
  SCRIPTORIUM_BLOB_CACHE: Type.Optional(
    text(
      'Folder of documents that were downloaded, shared by the workers of a host; `scriptorium-blobs-<uid>` in the temporary folder without it',
    ),
  ),
  SCRIPTORIUM_BLOB_CACHE_BYTES: integer(
    'bytes',
    'Size of that folder; 0 keeps no downloaded document on disk',
    { default: 2 ** 30, minimum: 0 },
  ),
  SCRIPTORIUM_MAX_RESULTS: maxResults,
  SCRIPTORIUM_MAX_FILE_BYTES: maxFileBytes,
  SCRIPTORIUM_MAX_PAGES: integer(
    'pages',
    'Pages of a document; longer ones are refused (`too_many_pages`)',
    { default: 2_000, minimum: 1 },
  ),
  SCRIPTORIUM_DECODE_MS: integer(
    'ms',
    'Timeout of opening a document, and of decoding or rendering a page (`decode_timeout`)',
    { default: 60_000, minimum: 100 },
  ),
  ...decoding,
  SCRIPTORIUM_ENGINES: integer(
    'engines',
    'Engines that a worker keeps warm, each for other languages; fewer where memory is short',
    { default: 2, minimum: 1, maximum: 20 },
  ),
  SCRIPTORIUM_ENGINE_PAGES: integer('pages', 'Pages after which the engine is replaced', {
    default: 500,
    minimum: 1,
  }),
  SCRIPTORIUM_WORKER_PAGES: integer('pages', 'Pages after which the process is replaced', {
    default: 20_000,
    minimum: 1,
  }),
  SCRIPTORIUM_WORKER_RSS: integer(
    'bytes',
    'Resident memory above which engines are unloaded after a page',
    { default: 400 * 2 ** 20, minimum: 2 ** 20 },
  ),
}

export const ofFleet = {
  SCRIPTORIUM_WORKERS: integer(
    'processes',
    'Worker processes; 0 for as many as the usable cores and the memory allow',
    { default: 0, minimum: 0, maximum: 1_024 },
  ),
  SCRIPTORIUM_NICE: integer(
    'nice level',
    'Lowers the priority of workers, as nice(1); `npm start` takes 10',
    {
      default: 0,
      minimum: 0,
      maximum: 19,
    },
  ),
}
