import { Type, type Static, type TSchema, type TUnsafe } from '@sinclair/typebox'
import { orNull } from './document.ts'
import {
  boundedList,
  idText,
  messageText,
  nameText,
  pathText,
} from '../../../shared/contract/schema/bounded.ts'
import {
  described,
  exampleDocumentId,
  exampleRunId,
} from '../../../shared/contract/schema/described.ts'

const closed = { additionalProperties: false }
export const exampleRequestId = 'ed9b3aa3-5a86-4b0e-8f4b-6f3b5f0c3d7e'

/** RFC 9457. Programs use `code`; `detail` is for people. */
export const problemSchema = Type.Object(
  {
    type: described(idText, 'URN of the error code.', 'urn:scriptorium:error:unknown_document'),
    title: described(nameText, 'Error code in words.', 'Unknown document'),
    status: described(Type.Integer({ minimum: 400, maximum: 599 }), 'HTTP status code.', 404),
    detail: described(
      messageText,
      'Explanation for people; its wording may change.',
      `unknown document ${exampleDocumentId}`,
    ),
    code: described(idText, 'Stable error code for programs.', 'unknown_document'),
    retryable: described(Type.Boolean(), 'Whether the same request may succeed later.'),
    requestId: described(
      idText,
      'Id of the request, as in the header X-Request-Id and in the log.',
      exampleRequestId,
    ),
    errors: Type.Optional(
      described(
        boundedList(
          Type.Object(
            {
              path: described(pathText, 'JSON pointer to the invalid value.', '/recipe/psm'),
              message: described(
                messageText,
                'Requirement that the value does not meet.',
                'must be an integer between 1 and 13',
              ),
            },
            { ...closed, title: 'Fault', description: 'One invalid value.' },
          ),
          100,
        ),
        'Invalid values of the request, the first 20.',
      ),
    ),
  },
  { ...closed, $id: 'Problem', description: 'Problem details (RFC 9457).' },
)
export type Problem = Static<typeof problemSchema>

/** Refers to a schema that the server knows by its `$id`: described once, under its name. */
export const refTo = <T extends TSchema>({ $id = '' }: T): TUnsafe<Static<T>> =>
  Type.Unsafe<Static<T>>({ $ref: `${$id}#` })

/** A response with a JSON body and headers. */
export const answerOf = <T extends TSchema>(
  description: string,
  schema: T,
  headers: Record<string, object> = {},
) => ({ description, headers, content: { 'application/json': { schema } } })

export const retryAfterHeader = {
  'Retry-After': {
    description: 'Seconds until it is worth asking again.',
    type: 'integer',
    minimum: 1,
  },
}
export const etagHeader = {
  ETag: {
    description: 'Version of the result, for `If-None-Match`.',
    type: 'string',
    maxLength: 100,
    examples: ['"b1946ac92492d2347c6235b4d2611184"'],
  },
}
export const locationOf = (description: string, example: string) => ({
  Location: { description, type: 'string', maxLength: 300, examples: [example] },
})

const idParam = (description: string, example: string) =>
  Type.Object({
    id: described(Type.String({ minLength: 1, maxLength: 100 }), description, example),
  })

export const documentParams = idParam('Document id.', exampleDocumentId)
export const pageParams = Type.Object({
  ...documentParams.properties,
  page: described(Type.Integer({ minimum: 1 }), 'Page number in the document.', 1),
})
export const runParams = idParam('Run id.', exampleRunId)

/** Seconds to wait for an end before answering. */
export const waitSeconds = Type.Optional(
  described(
    Type.Integer({ minimum: 0, maximum: 120 }),
    'Maximum time to wait for the end before the response, seconds. Default: 0.',
    30,
  ),
)

export const tagFilter = Type.Optional(
  described(Type.String({ maxLength: 200 }), 'Only entries with this tag.', 'invoices'),
)

const maxLimit = 500

/** Cursors of lists, by sort key. */
export const exampleCursors = {
  time: 'eyJ0aW1lIjoxNzcyMzU3NDAwMDAwLCJpZCI6ImQxIn0',
  isoTime: 'eyJ0aW1lIjoiMjAyNi0wMy0wMVQwOTozMDowMC4wMDBaIiwiaWQiOiJyMSJ9',
  rank: 'eyJ0aW1lIjoyMCwiaWQiOiJzZWFyY2gifQ',
}

export const pageQuery = (defaultLimit: number, cursor: string) => ({
  limit: Type.Optional(
    described(
      Type.Integer({ minimum: 1, maximum: maxLimit }),
      `Maximum number of entries. Default: ${defaultLimit}.`,
      defaultLimit,
    ),
  ),
  cursor: Type.Optional(
    described(
      Type.String({ minLength: 1, maxLength: 500 }),
      'Position of the page: `nextCursor` of the previous response, unchanged.',
      cursor,
    ),
  ),
})

/** One page of a list; `nextCursor` leads to the next. */
export const listOf = <T extends TSchema>(item: T, description: string) =>
  Type.Object(
    {
      items: described(boundedList(item, maxLimit), 'Entries of this page.'),
      nextCursor: described(
        orNull(nameText),
        'Cursor of the next page, null on the last page.',
        exampleCursors.time,
      ),
    },
    { ...closed, description },
  )
