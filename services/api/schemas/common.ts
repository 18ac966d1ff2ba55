import { Type, type Static, type TSchema, type TUnsafe } from '@sinclair/typebox'
import { orNull } from './document.ts'

const closed = { additionalProperties: false }

/** RFC 9457. `code` is what programs go by; `detail` is for people. */
export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    /** Whether the same request may succeed later. */
    retryable: Type.Boolean(),
    requestId: Type.String(),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }, closed)),
    ),
  },
  { ...closed, $id: 'Problem' },
)
export type Problem = Static<typeof problemSchema>

/** Every route may also answer with a problem. */
export const problems = {
  '4xx': { description: 'Your request cannot be met.', ...problemContent() },
  '5xx': { description: 'The service cannot meet it now.', ...problemContent() },
}

function problemContent() {
  return { content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } }
}

/** Refers to a schema that the server knows by its `$id`: described once, under its name. */
export const refTo = <T extends TSchema>({ $id = '' }: T): TUnsafe<Static<T>> =>
  Type.Unsafe<Static<T>>({ $ref: `${$id}#` })

export const idParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

/** Seconds to wait for an end before answering. */
export const waitSeconds = Type.Optional(Type.Integer({ minimum: 0, maximum: 120 }))

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
}

/** One page of a list; `nextCursor` leads to the next. */
export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: orNull(Type.String()) }, closed)
