/** What living processes say of themselves. */
import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from './one-of.ts'

/** A sign of life comes so often: what it costs is most of what an idle fleet costs. */
export const heartbeatMs = 4_000

const closed = { additionalProperties: false }

/** An engine that is loaded: what it can read at once, and how many pages it has read. */
const warmEngineSchema = Type.Object(
  { languages: Type.Array(Type.String()), oem: Type.Integer(), pages: Type.Integer() },
  closed,
)
export type WarmEngine = Static<typeof warmEngineSchema>

/** A worker's sign of life. */
export const heartbeatSchema = Type.Object(
  {
    id: Type.String(),
    pid: Type.Integer(),
    host: Type.String(),
    version: Type.String(),
    /** What it loads at start. */
    languages: Type.Array(Type.String()),
    engine: Type.String(),
    /** The engines it has loaded, the one used last first. */
    warm: Type.Array(warmEngineSchema),
    state: oneOf(['reading', 'idle', 'paused']),
    currentPage: Type.Union([Type.String(), Type.Null()]),
    pagesDone: Type.Integer(),
    rssBytes: Type.Integer(),
    startedAt: Type.String(),
    beatAt: Type.String(),
  },
  closed,
)
export type Heartbeat = Static<typeof heartbeatSchema>

/** The aggregator's sign of life. */
export const aggregatorSignSchema = Type.Object(
  {
    pid: Type.Integer(),
    host: Type.String(),
    version: Type.String(),
    isLedgerWritable: Type.Boolean(),
    pagesPerMinute: Type.Number(),
  },
  closed,
)
export type AggregatorSign = Static<typeof aggregatorSignSchema>
