import { Type, type Static } from '@sinclair/typebox'
import { createParser } from '../../../../../shared/contract/messages/parser.ts'

const address = Type.String()
const milliseconds = Type.Array(Type.Number())

/** The order of a load process. */
const orderSchema = Type.Union([
  /** Uploads pages of noise: one after the other on each connection, or at a fixed interval regardless of answers. */
  Type.Object({
    kind: Type.Literal('uploads'),
    address,
    connections: Type.Integer(),
    count: Type.Integer(),
    bytes: Type.Integer(),
    everyMs: Type.Union([Type.Number(), Type.Null()]),
  }),
  /** Requests paths in turn at a fixed interval, until it is stopped. */
  Type.Object({
    kind: Type.Literal('gets'),
    address,
    paths: Type.Array(Type.String(), { minItems: 1 }),
    everyMs: Type.Number(),
  }),
  /** Uploads one file that is generated during the upload. */
  Type.Object({ kind: Type.Literal('large'), address, bytes: Type.Integer() }),
  /**
   * Follows one path on many streams; the first `cut` of them disconnect after every `cutEvery` events and reconnect.
   */
  Type.Object({
    kind: Type.Literal('streams'),
    address,
    path: Type.String(),
    count: Type.Integer(),
    cut: Type.Integer(),
    cutEvery: Type.Integer(),
  }),
  /** Uploads the files of a folder. */
  Type.Object({
    kind: Type.Literal('folder'),
    address,
    root: Type.String(),
    paths: Type.Array(Type.String()),
    connections: Type.Integer(),
  }),
])
export type LoadOrder = Static<typeof orderSchema>
export type OrderOf<K extends LoadOrder['kind']> = Extract<LoadOrder, { kind: K }>
export const parseLoadOrder = createParser("a load's order", orderSchema)

/** Number of unexpected answers, by status and code. */
const refusals = Type.Record(Type.String(), Type.Integer())

/** The result of an order. */
const resultSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('uploads'),
    /** From the due time of the request to the complete answer, and the same from its last byte. */
    totalMs: milliseconds,
    lastByteMs: milliseconds,
    refusals,
    seconds: Type.Number(),
  }),
  Type.Object({ kind: Type.Literal('gets'), ms: milliseconds, refusals }),
  Type.Object({ kind: Type.Literal('large'), status: Type.Integer(), seconds: Type.Number() }),
  Type.Object({
    kind: Type.Literal('streams'),
    /** Ids of the events in order of arrival, and the number of streams with exactly these. */
    sequences: Type.Array(Type.Object({ ids: Type.Array(Type.String()), streams: Type.Integer() })),
    reconnects: Type.Integer(),
  }),
  Type.Object({
    kind: Type.Literal('folder'),
    ids: Type.Array(Type.String()),
    /** When the first byte was sent, milliseconds since 1970. */
    beganAt: Type.Number(),
  }),
])
export type LoadResult = Static<typeof resultSchema>
export type ResultOf<K extends LoadOrder['kind']> = Extract<LoadResult, { kind: K }>

const answerSchema = Type.Union([
  /** It has started. */
  Type.Object({ kind: Type.Literal('begun') }),
  Type.Object({ kind: Type.Literal('done'), result: resultSchema, cpuShare: Type.Number() }),
])
export type LoadAnswer = Static<typeof answerSchema>
export const parseLoadAnswer = createParser("a load's answer", answerSchema)
