/** What living processes say of themselves, every two seconds. */
import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from './one-of.ts'

const closed = { additionalProperties: false }

/** A worker's sign of life. */
export const heartbeatSchema = Type.Object(
  {
    id: Type.String(),
    pid: Type.Integer(),
    host: Type.String(),
    version: Type.String(),
    languages: Type.Array(Type.String()),
    engine: Type.String(),
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
