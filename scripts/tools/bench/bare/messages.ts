import { Type, type Static } from '@sinclair/typebox'
import { createParser } from '../../../../shared/contract/messages/parser.ts'

/** The order of a bare loop: `paths` below `root`; it writes texts to `texts` as `<path>.txt` unless that is null. */
const orderSchema = Type.Object(
  {
    root: Type.String(),
    paths: Type.Array(Type.String()),
    texts: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: false },
)
export type LoopOrder = Static<typeof orderSchema>
export const parseLoopOrder = createParser("a bare loop's order", orderSchema)

/** Its answers: its engine is loaded; then its result. */
const answerSchema = Type.Union([
  Type.Object({ kind: Type.Literal('ready') }),
  Type.Object({ kind: Type.Literal('done'), pages: Type.Integer(), seconds: Type.Number() }),
])
export type LoopAnswer = Static<typeof answerSchema>
export const parseLoopAnswer = createParser("a bare loop's answer", answerSchema)
