import { Type } from '@sinclair/typebox'
import { exampleCursors, listOf, pageQuery, refTo, runParams } from '../../schemas/common.ts'
import { documentViewSchema } from '../../schemas/document.ts'
import { fromCursor, toCursor } from '../../views/cursor.ts'
import { requireRun, type App, type Context } from '../context.ts'

const defaultLimit = 50

/** `GET /v1/runs/{id}/documents`. */
export function runDocumentsRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id/documents',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'listRunDocuments',
        summary: "List a run's documents",
        description: 'Newest first.',
        tags: ['Runs'],
        params: runParams,
        querystring: Type.Object(pageQuery(defaultLimit, exampleCursors.time)),
        response: { 200: listOf(refTo(documentViewSchema), 'One page of documents.') },
      },
    },
    async ({ params, query: { limit = defaultLimit, cursor } }) => {
      const { id, request } = await requireRun(context, params.id)
      const { listing } = context.ledger.get()
      const filter = { run: { id, source: request.source ?? 'folder' } }
      const { documents, next } = listing.documents(filter, fromCursor(cursor), limit)
      return {
        items: await context.documents.ofRows(documents),
        nextCursor: next ? toCursor(next) : null,
      }
    },
  )
}
