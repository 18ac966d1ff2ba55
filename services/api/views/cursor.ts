import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { InvalidRequest } from '../http/problem.ts'
import { idText } from '../../../shared/contract/schema/bounded.ts'

const positionOf = <T extends TSchema>(time: T) =>
  Type.Object({ time, id: idText }, { additionalProperties: false })

/** Sort keys of lists: documents have milliseconds since 1970, runs ISO 8601; search hits are counted. */
const timeSchema = positionOf(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const isoSchema = positionOf(idText)
const parseTime = createParser('a cursor', timeSchema)
const parseIso = createParser('a cursor', isoSchema)
type Position = Static<typeof timeSchema> | Static<typeof isoSchema>

/** The beginning of the next page of a list, opaque to clients. */
export const toCursor = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** The position in a list sorted by a number. Throws `malformed_request` for another list's cursor. */
export const fromCursor = (cursor: string | undefined): Static<typeof timeSchema> | undefined =>
  parse(cursor, parseTime)

/** The position in a list sorted by ISO 8601 times. */
export const fromIsoCursor = (cursor: string | undefined): Static<typeof isoSchema> | undefined =>
  parse(cursor, parseIso)

function parse<T>(cursor: string | undefined, parsePosition: (value: unknown) => T): T | undefined {
  if (cursor === undefined) return undefined
  try {
    return parsePosition(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch {
    const message = 'must be the nextCursor of an earlier response, unchanged'
    throw new InvalidRequest('malformed_request', [{ path: '/cursor', message }])
  }
}

/** One page of a list from one entry more than it shows. */
export function toPage<T>(
  found: readonly T[],
  limit: number,
  placeOf: (entry: T) => Position,
): { entries: T[]; nextCursor: string | null } {
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { entries, nextCursor: hasMore ? toCursor(placeOf(last)) : null }
}
