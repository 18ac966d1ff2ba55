import { Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'
import {
  dataFolder,
  decoding,
  maxFileBytes,
  maxResults,
  outboundAllow,
  retention,
} from './common.ts'
import { duration, integer, list, text } from './setting.ts'

export const ofApi = {
  HOST: text('Address that the API listens on; any other than loopback requires tokens', {
    default: '127.0.0.1',
  }),
  SCRIPTORIUM_PUBLISHED_ON: Type.Optional(
    text("Address that a container's port is published on; loopback unless tokens are set"),
  ),
  PORT: integer('port', 'Port of the API; 0 for any free one', {
    default: 8080,
    minimum: 0,
    maximum: 65_535,
  }),
  SCRIPTORIUM_DATA: dataFolder,
  SCRIPTORIUM_OUTPUT: Type.Optional(
    text(
      'Folder that folder runs write to, as `<output>/<root>/<path>`; `<data>/output` without it',
    ),
  ),
  SCRIPTORIUM_ROOTS: list(
    'Folders that runs and uploads by path may read: `name=/folder`, comma-separated',
  ),
  SCRIPTORIUM_TOKENS: list(
    'Access tokens: `name:scope+scope:sha256`, comma-separated; `npx scriptorium token NAME` makes one',
  ),
  SCRIPTORIUM_RATE_LIMIT: integer(
    'requests/min',
    'Rate limit of one token, or of one address without tokens; 0 for none. Beyond it 429 `rate_limited`',
    { default: 60_000, minimum: 0 },
  ),
  SCRIPTORIUM_MAX_REFUSALS: integer(
    'requests/min',
    'Rate limit of one address without a valid token; 0 for none. Beyond it 429 `rate_limited`',
    { default: 120, minimum: 0 },
  ),
  SCRIPTORIUM_MAX_OPEN_PAGES: integer(
    'pages',
    'Accepted and unread pages of one token without `admin`. Beyond it 429 `queue_full`',
    { default: 25_000, minimum: 1 },
  ),
  SCRIPTORIUM_MAX_RUNS: integer(
    'runs',
    'Active folder runs of one token without `admin`. Beyond it 429 `queue_full`',
    { default: 10, minimum: 1 },
  ),
  SCRIPTORIUM_MAX_TIMEOUT_MS: integer(
    'ms',
    'Longest `timeoutMs` of a token without `admin`. Beyond it 422 `invalid_request`',
    { default: 300_000, minimum: 1_000, maximum: 3_600_000 },
  ),
  SCRIPTORIUM_CORS: list('Origins whose pages may call the API, comma-separated'),
  SCRIPTORIUM_URL_SOURCES: oneOf(['on', 'off'], {
    default: 'off',
    description: '`on` lets an upload name a URL',
  }),
  SCRIPTORIUM_OUTBOUND_ALLOW: outboundAllow,
  SCRIPTORIUM_MAX_FILE_BYTES: maxFileBytes,
  SCRIPTORIUM_MAX_REQUEST_BYTES: integer(
    'bytes',
    'Size of a request. Beyond it 413 `upload_too_large`',
    { default: 2 * 2 ** 30, minimum: 1 },
  ),
  ...decoding,
  SCRIPTORIUM_MAX_RENDERINGS: integer('PDFs', 'PDFs that are written or sent at a time', {
    default: 8,
    minimum: 1,
    maximum: 1_000,
  }),
  SCRIPTORIUM_MAX_PICTURES: integer('pictures', 'Pictures of pages that clients wait for', {
    default: 32,
    minimum: 1,
    maximum: 1_000,
  }),
  SCRIPTORIUM_PICTURE_CACHE: integer(
    'bytes',
    'Rendered pictures of pages that are kept on the disk of the data folder; 0 for none',
    { default: 512 * 2 ** 20, minimum: 0 },
  ),
  SCRIPTORIUM_MAX_FILES: integer('files', 'Files of a request. Beyond it 413 `upload_too_large`', {
    default: 100,
    minimum: 1,
    maximum: 1_000,
  }),
  SCRIPTORIUM_MAX_CONNECTIONS: integer(
    'connections',
    'Open connections; `/livez` and `/readyz` answer beyond it',
    { default: 1_000, minimum: 1, maximum: 100_000 },
  ),
  SCRIPTORIUM_MAX_BODY_MEMORY: integer('bytes', 'JSON bodies in memory at a time', {
    default: 64 * 2 ** 20,
    minimum: 2 ** 20,
  }),
  SCRIPTORIUM_MAX_UPLOADS: integer('uploads', 'Uploads that are received at a time', {
    default: 128,
    minimum: 1,
    maximum: 10_000,
  }),
  SCRIPTORIUM_MAX_STREAMS: integer('streams', 'Open event streams', {
    default: 500,
    minimum: 1,
    maximum: 100_000,
  }),
  SCRIPTORIUM_MIN_RATE: integer(
    'bytes/s',
    'Lowest speed of a body or an answer, over half a minute. Below it 408 `upload_too_slow`, or the answer is cut',
    { default: 4_096, minimum: 1 },
  ),
  SCRIPTORIUM_MAX_RESULTS: maxResults,
  SCRIPTORIUM_MAX_QUEUE: integer('jobs', 'Waiting jobs above which uploads are refused', {
    default: 100_000,
    minimum: 1,
  }),
  SCRIPTORIUM_MAX_SEARCHES: integer('searches', 'Running and waiting searches', {
    default: 20,
    minimum: 1,
    maximum: 1_000,
  }),
  SCRIPTORIUM_MAX_WEBHOOKS: integer('webhooks', 'Webhook subscriptions', {
    default: 100,
    minimum: 0,
    maximum: 10_000,
  }),
  SCRIPTORIUM_MIN_FREE_BYTES: integer(
    'bytes',
    "Free space of the spool's disk below which uploads are refused",
    { default: 512 * 2 ** 20, minimum: 0 },
  ),
  SCRIPTORIUM_RETENTION: retention,
  SCRIPTORIUM_TARGET_WAIT_MS: integer(
    'ms',
    'Time within which waiting work should be done; `wantedWorkers` of `GET /v1/queue` goes by it',
    { default: 60_000, minimum: 1_000, maximum: 86_400_000 },
  ),
  SCRIPTORIUM_WORKER_ABSENCE: duration(
    'How long uploads are accepted after the last worker was seen, then 503 `no_worker`',
    '5m',
  ),
  SCRIPTORIUM_TRUST_PROXY: list(
    'Proxies whose `X-Forwarded-For` is trusted: addresses or CIDRs, comma-separated',
  ),
}
