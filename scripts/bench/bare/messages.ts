import { Type, type Static } from '@sinclair/typebox'
import { createParser } from '../../../shared/messages.ts'

/** What a bare loop is to read: `paths` below `root`; texts go to `texts` as `<path>.txt` where it is not null. */
const orderSchema = Type.Object(
  {
    root: Type.String(),
    paths: Type.Array(Type.String()),
    texts: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: false },
)
export type Order = Static<typeof orderSchema>
export const parseOrder = createParser("a bare loop's order", orderSchema)

/** What it answers: that its engine is loaded, and then what it did. */
const answerSchema = Type.Union([
  Type.Object({ kind: Type.Literal('ready') }),
  Type.Object({ kind: Type.Literal('done'), pages: Type.Integer(), seconds: Type.Number() }),
])
export type Answer = Static<typeof answerSchema>
export const parseAnswer = createParser("a bare loop's answer", answerSchema)
