import { Type, type Static } from '@sinclair/typebox'
import { boundedList, idText, pathText } from './schema/bounded.ts'

const closed = { additionalProperties: false }

/** The upload that an Idempotency-Key refers to. It is stored with the upload's run, so both exist or neither. */
export const idempotencySchema = Type.Object(
  {
    /** Hash of the key and of its caller. */
    key: idText,
    bodyHash: idText,
    /** The documents in the answer, in the order of the files. */
    documents: boundedList(
      Type.Object(
        { id: idText, name: pathText, isKnown: Type.Boolean(), pass: Type.Integer() },
        closed,
      ),
      10_000,
    ),
  },
  closed,
)
export type Idempotency = Static<typeof idempotencySchema>

/** Lifetime of a key, milliseconds. */
export const idempotencyMs = 86_400_000
