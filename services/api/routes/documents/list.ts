import { Type } from '@sinclair/typebox'
import { outcomes } from '../../../../shared/contract/result/outcomes.ts'
import { warningCodes } from '../../../../shared/contract/result/page.ts'
import { described, exampleRunId } from '../../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import type { DocumentFilter } from '../../../ledger/queries/listing.ts'
import { exampleCursors, listOf, pageQuery, refTo, tagFilter } from '../../schemas/common.ts'
import { documentStatuses, documentViewSchema } from '../../schemas/document.ts'
import { fromCursor, toPage } from '../../views/cursor.ts'
import type { App, Context } from '../context.ts'

const defaultLimit = 50

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
          'Newest first. With `status`, a page may hold fewer entries than `limit` although another page follows.',
        tags: ['Documents'],
        querystring: Type.Object({
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
          warning: Type.Optional(
            described(
              oneOf(warningCodes),
              'Only documents with a page that has this warning.',
              'reading_given_up',
            ),
          ),
          ...pageQuery(defaultLimit, exampleCursors.time),
        }),
        response: { 200: listOf(refTo(documentViewSchema), 'One page of documents.') },
      },
    },
    async ({ query }) => {
      const { status, outcome, tag, warning, limit = defaultLimit, cursor } = query
      const records = ledger.get()
      const run = query.run === undefined ? undefined : records.runs.get(query.run)
      if (query.run !== undefined && run === undefined) return { items: [], nextCursor: null }
      const filter: DocumentFilter = {
        ...(outcome !== undefined && { outcome }),
        ...(tag !== undefined && { tag }),
        ...(warning !== undefined && { warning }),
        ...(status !== undefined && { isFinal: status === 'finished' }),
        ...(run && { run: { id: run.id, source: run.request.source ?? 'folder' } }),
      }
      const rows = records.listing.documents(filter, fromCursor(cursor), limit + 1)
      const page = toPage(rows, limit, ({ createdAt: time, id }) => ({ time, id }))
      const views = await documents.ofRows(page.entries)
      // Only Redis knows whether a worker has a document, so such a list may be shorter than its limit.
      const items = status === undefined ? views : views.filter((view) => view.status === status)
      return { items, nextCursor: page.nextCursor }
    },
  )
}
