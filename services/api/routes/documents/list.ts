import { Type, type Static } from '@sinclair/typebox'
import { outcomes } from '../../../../shared/contract/result/outcomes.ts'
import { warningCodes } from '../../../../shared/contract/result/page.ts'
import { described, exampleRunId } from '../../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import type { DocumentFilter } from '../../../ledger/queries/document-filter.ts'
import { InvalidRequest } from '../../http/problem.ts'
import { exampleCursors, listOf, pageQuery, refTo, tagFilter } from '../../schemas/common.ts'
import { documentStatuses, documentViewSchema } from '../../schemas/document.ts'
import { fromCursor, toCursor } from '../../views/cursor.ts'
import type { App, Context } from '../context.ts'

const defaultLimit = 50

const timeFilter = (description: string) =>
  Type.Optional(
    described(
      Type.String({
        pattern: String.raw`^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$`,
        maxLength: 24,
      }),
      `${description} ISO 8601, UTC; a day begins at 00:00.`,
      '2026-03-01',
    ),
  )

const querySchema = Type.Object({
  status: Type.Optional(
    described(oneOf(documentStatuses), 'Only documents with this status.', 'finished'),
  ),
  outcome: Type.Optional(
    described(oneOf(outcomes), 'Only documents with this outcome.', 'succeeded'),
  ),
  run: Type.Optional(
    described(Type.String({ maxLength: 100 }), 'Only documents of this run.', exampleRunId),
  ),
  tag: tagFilter,
  name: Type.Optional(
    described(
      Type.String({ minLength: 1, maxLength: 200 }),
      'Only documents with this text in their path; of an upload, in the first name that it was given. Case is ignored in ASCII.',
      'invoice',
    ),
  ),
  error: Type.Optional(
    described(
      Type.String({ maxLength: 100 }),
      'Only failed documents with this error code.',
      'corrupt_image',
    ),
  ),
  maxConfidence: Type.Optional(
    described(
      Type.Number({ minimum: 0, maximum: 100 }),
      'Only documents with at most this confidence, percent. Documents without words have none.',
      70,
    ),
  ),
  since: timeFilter('Only documents accepted at this time or later.'),
  before: timeFilter('Only documents accepted before this time.'),
  warning: Type.Optional(
    described(
      oneOf(warningCodes),
      'Only documents with a page that has this warning.',
      'reading_given_up',
    ),
  ),
  ...pageQuery(defaultLimit, exampleCursors.time),
})

/** `GET /v1/documents`. */
export function listDocumentsRoute(app: App, { ledger, documents }: Context): void {
  app.get(
    '/v1/documents',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDocuments',
        summary: 'List documents',
        description:
          'Newest first. With a filter, a page may hold fewer entries than `limit`, or none, although another page follows.',
        tags: ['Documents'],
        querystring: querySchema,
        response: { 200: listOf(refTo(documentViewSchema), 'One page of documents.') },
      },
    },
    async ({ query }) => {
      const { status, run: runId, limit = defaultLimit, cursor, ...rest } = query
      const records = ledger.get()
      const run = runId === undefined ? undefined : records.runs.get(runId)
      if (runId !== undefined && run === undefined) return { items: [], nextCursor: null }
      const filter: DocumentFilter = {
        ...toFilter(rest),
        ...(status !== undefined && { isFinal: status === 'finished' }),
        ...(run && { run: { id: run.id, source: run.request.source ?? 'folder' } }),
      }
      const found = records.listing.documents(filter, fromCursor(cursor), limit)
      const views = await documents.ofRows(found.documents)
      // Only Redis knows whether a worker has a document, so such a list may be shorter than its limit.
      const items = status === undefined ? views : views.filter((view) => view.status === status)
      return { items, nextCursor: found.next ? toCursor(found.next) : null }
    },
  )
}

type Wanted = Omit<Static<typeof querySchema>, 'status' | 'run' | 'limit' | 'cursor'>

function toFilter({ error, since, before, ...same }: Wanted): DocumentFilter {
  return {
    ...same,
    ...(error !== undefined && { code: error }),
    ...(since !== undefined && { since: toTime(since, '/since') }),
    ...(before !== undefined && { before: toTime(before, '/before') }),
  }
}

/** Milliseconds since 1970. Throws `malformed_request` for a day that no calendar has. */
function toTime(text: string, path: string): number {
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new InvalidRequest('malformed_request', [
    { path, message: 'must be a day of the calendar' },
  ])
}
