import { type Static, Type } from '@sinclair/typebox'
import { documentErrorSchema } from '../result/error.ts'
import { pageSchema } from '../result/page.ts'
import { idText, nameText } from '../schema/bounded.ts'
import { oneOf } from '../../process/one-of.ts'

const closed = { additionalProperties: false }

const inputSchema = Type.Object(
  { sha256: idText, bytes: Type.Integer(), mediaType: nameText },
  closed,
)
export type ReportedInput = Static<typeof inputSchema>

const reported = { v: Type.Literal(1), jobId: idText, documentId: idText }
/** A worker's report about a job. Every kind is idempotent: the aggregator may receive it twice. */
export const reportSchema = Type.Union([
  Type.Object(
    {
      ...reported,
      kind: Type.Literal('page'),
      input: inputSchema,
      pagesTotal: Type.Integer(),
      result: pageSchema,
    },
    closed,
  ),
  Type.Object(
    {
      ...reported,
      kind: Type.Literal('failed'),
      outcome: oneOf(['rejected', 'timeout', 'engine_crash', 'failed', 'cancelled']),
      error: documentErrorSchema,
      attempts: Type.Integer(),
      worker: nameText,
      page: Type.Union([Type.Integer(), Type.Null()]),
      pagesTotal: Type.Union([Type.Integer(), Type.Null()]),
      input: Type.Union([inputSchema, Type.Null()]),
    },
    closed,
  ),
  Type.Object(
    { ...reported, kind: Type.Literal('expanded'), input: inputSchema, pagesTotal: Type.Integer() },
    closed,
  ),
  Type.Object(
    { ...reported, kind: Type.Literal('duplicate'), input: inputSchema, of: idText },
    closed,
  ),
  Type.Object({ ...reported, kind: Type.Literal('hashed'), input: inputSchema }, closed),
  // An attempt failed and the job is retried: the ledger records nothing, but a run with many of them pauses.
  Type.Object(
    {
      ...reported,
      kind: Type.Literal('retrying'),
      error: documentErrorSchema,
      page: Type.Union([Type.Integer(), Type.Null()]),
    },
    closed,
  ),
])
export type WorkerReport = Static<typeof reportSchema>
