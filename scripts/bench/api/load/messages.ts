import { Type, type Static } from '@sinclair/typebox'
import { createParser } from '../../../../shared/messages.ts'

const address = Type.String()
const milliseconds = Type.Array(Type.Number())

/** What a load process is to do. */
const orderSchema = Type.Union([
  /** Uploads pages of noise: one after the other on each connection, or one every so often, come what may. */
  Type.Object({
    kind: Type.Literal('uploads'),
    address,
    connections: Type.Integer(),
    count: Type.Integer(),
    bytes: Type.Integer(),
    everyMs: Type.Union([Type.Number(), Type.Null()]),
  }),
  /** Asks for paths in turn, one every so often, until it is stopped. */
  Type.Object({
    kind: Type.Literal('gets'),
    address,
    paths: Type.Array(Type.String(), { minItems: 1 }),
    everyMs: Type.Number(),
  }),
  /** Uploads one file that is made while it is sent. */
  Type.Object({ kind: Type.Literal('large'), address, bytes: Type.Integer() }),
  /** Follows one path on many streams; the first `cut` of them hang up after every `cutEvery` events and come back. */
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
export type Order = Static<typeof orderSchema>
export type OrderOf<K extends Order['kind']> = Extract<Order, { kind: K }>
export const parseOrder = createParser("a load's order", orderSchema)

/** Answers that were not the right ones: how many, by status and code. */
const refusals = Type.Record(Type.String(), Type.Integer())

/** What came of it. */
const resultSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('uploads'),
    /** From the moment it was to be sent to the whole answer, and the same from its last byte. */
    totalMs: milliseconds,
    lastByteMs: milliseconds,
    refusals,
    seconds: Type.Number(),
  }),
  Type.Object({ kind: Type.Literal('gets'), ms: milliseconds, refusals }),
  Type.Object({ kind: Type.Literal('large'), status: Type.Integer(), seconds: Type.Number() }),
  Type.Object({
    kind: Type.Literal('streams'),
    /** Ids of the events as they came, and how many streams had just these. */
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
export type Result = Static<typeof resultSchema>
export type ResultOf<K extends Order['kind']> = Extract<Result, { kind: K }>

const answerSchema = Type.Union([
  /** It is under way. */
  Type.Object({ kind: Type.Literal('begun') }),
  Type.Object({ kind: Type.Literal('done'), result: resultSchema, cpuShare: Type.Number() }),
])
export type Answer = Static<typeof answerSchema>
export const parseAnswer = createParser("a load's answer", answerSchema)
