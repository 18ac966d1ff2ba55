/** Heartbeats of living processes. */
import { createScript } from './connection/redis-script.ts'
import type { Redis } from './connection/redis.ts'
import { ttl, type Keys } from './keys.ts'
import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from '../process/one-of.ts'
import { boundedList, idText, messageText, nameText, pathText } from '../contract/schema/bounded.ts'
import { amountOf, countOf, described, shareOf, timeOf } from '../contract/schema/described.ts'

/** Interval of heartbeats: they are most of an idle fleet's cost. */
export const heartbeatMs = 4_000

/** A newer version may add properties: an older reader ignores them. */
const informing = { additionalProperties: true }

/** A loaded engine: the recipes that it can read at once, and its number of pages. */
const warmEngineSchema = Type.Object(
  {
    languages: described(boundedList(nameText, 1_000), 'Language models.', ['eng']),
    oem: described(Type.Integer(), 'Tesseract OCR engine mode, 0 to 3.', 1),
    pages: countOf('Pages that this engine has read.', 310),
  },
  { ...informing, title: 'WarmEngine', description: 'Loaded engine.' },
)
export type WarmEngine = Static<typeof warmEngineSchema>

/** A worker's sign of life. */
export const heartbeatSchema = Type.Object(
  {
    id: described(idText, 'Worker id.', 'ocr-host-4711'),
    pid: described(Type.Integer(), 'Process id, 1 or more.', 4711),
    host: described(nameText, 'Host name.', 'ocr-host'),
    version: described(idText, 'Scriptorium version.', '0.2.0'),
    languages: described(boundedList(nameText, 1_000), 'Language models that it loads at start.', [
      'eng',
    ]),
    engine: described(pathText, 'Engine name.', 'tesseract.js'),
    warm: described(
      boundedList(warmEngineSchema, 1_000),
      'Loaded engines, the most recently used first.',
    ),
    state: described(oneOf(['reading', 'idle', 'paused']), 'Activity.'),
    currentPage: described(
      Type.Union([pathText, Type.Null()]),
      'Document and page that it reads, or null.',
      '2024/invoice.pdf#2',
    ),
    currentSince: Type.Optional(
      described(
        Type.Union([idText, Type.Null()]),
        'Time at which it took that page, ISO 8601, UTC; null without one. Missing from older workers.',
        '2026-03-01T09:30:00.000Z',
      ),
    ),
    utilisation: Type.Optional(
      shareOf(
        'Part of about the last minute in which it had a page. Missing from older workers.',
        0.94,
      ),
    ),
    pagesDone: countOf('Pages read since its start.', 310),
    rssBytes: countOf('Resident memory, bytes.', 314_572_800),
    loopLagMs: Type.Optional(
      amountOf(
        'Longest delay of the event loop since the previous heartbeat, milliseconds. Absent in older workers.',
        3.5,
      ),
    ),
    startedAt: timeOf('Start of the process.'),
    beatAt: timeOf('Last heartbeat.'),
  },
  { ...informing, title: 'Worker', description: 'Heartbeat of a worker.' },
)
export type Heartbeat = Static<typeof heartbeatSchema>

/** The aggregator's heartbeat. */
export const aggregatorSignSchema = Type.Object(
  {
    pid: Type.Integer(),
    host: nameText,
    version: idText,
    isLedgerWritable: Type.Boolean(),
    pagesPerMinute: Type.Number(),
    // Absent in older aggregators.
    rssBytes: Type.Optional(Type.Number()),
    loopLagMs: Type.Optional(Type.Number()),
    /** Documents that active folder runs have planned and that have not ended, and the maximum of each run. */
    openDocuments: Type.Optional(Type.Number()),
    window: Type.Optional(Type.Number()),
  },
  informing,
)
export type AggregatorSign = Static<typeof aggregatorSignSchema>

/** A fleet's message when its workers exit before they are ready, one after the other. */
export const startFailureSchema = Type.Object(
  {
    host: nameText,
    deaths: Type.Integer(),
    code: idText,
    message: messageText,
  },
  informing,
)
export type StartFailure = Static<typeof startFailureSchema>

const findLiving = createScript(`
  local now = tonumber(redis.call('TIME')[1]) * 1000
  return redis.call('ZRANGE', KEYS[1], now - ${ttl.heartbeat * 1_000}, '+inf', 'BYSCORE')
`)

/** The ids of the workers, on all hosts, with a recent heartbeat: by Redis's clock, as they were written. */
export async function livingWorkers(redis: Redis, keys: Keys): Promise<string[]> {
  const ids = await findLiving(redis, [keys.workers], [])
  return Array.isArray(ids) ? ids.map(String) : []
}
