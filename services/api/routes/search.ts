import { Type } from '@sinclair/typebox'
import { fromCursor, toCursor } from '../cursor.ts'
import { parseSearchQuery } from '../search-query.ts'
import { findHits } from '../search-hits.ts'
import { listOf, pageQuery, problems } from '../schemas/common.ts'
import { wordSchema } from '../../../shared/contract.ts'
import type { App, Context } from './context.ts'

const defaultLimit = 20

const hitSchema = Type.Object({
  documentId: Type.String(),
  runId: Type.String(),
  name: Type.String(),
  page: Type.Integer(),
  /** Pixels of the page that the words' boxes are in. */
  width: Type.Integer(),
  height: Type.Integer(),
  /** Text round the first hit; HTML, with the hits in `<mark>`. */
  snippet: Type.String(),
  words: Type.Array(wordSchema),
})

/** `GET /v1/search`: pages by what stands on them, best first. */
export function searchRoute(app: App, { ledger }: Context): void {
  app.get(
    '/v1/search',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'search',
        summary: 'Full text over everything read: words, "phrases", prefix*, -without',
        tags: ['search'],
        querystring: Type.Object({
          q: Type.String({ minLength: 1, maxLength: 1_000 }),
          ...pageQuery,
        }),
        response: { 200: listOf(hitSchema), ...problems },
      },
    },
    async ({ query: { q, limit = defaultLimit, cursor } }) => {
      const { match, terms } = parseSearchQuery(q)
      const records = ledger.get()
      const offset = fromCursor(cursor)?.time ?? 0
      const found = records.search.find(match, limit + 1, offset)
      const items = found.slice(0, limit).flatMap(({ documentId, page }) => {
        const row = records.documents.get(documentId)
        const result = records.pages.result(documentId, page)
        if (row === undefined || result === undefined) return []
        const named = row.is_upload === 1 ? records.submissions.latest(documentId) : undefined
        const { width, height } = result
        return [
          {
            documentId,
            page,
            width,
            height,
            runId: named?.runId ?? row.run_id,
            name: named?.name ?? row.path,
            ...findHits(result, terms),
          },
        ]
      })
      // Ranks have no place of their own to go on from: the cursor counts.
      const isMore = found.length > limit
      return { items, nextCursor: isMore ? toCursor({ time: offset + limit, id: 'search' }) : null }
    },
  )
}
