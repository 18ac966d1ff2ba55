import { Type } from '@sinclair/typebox'
import { nameText, pageText } from '../../../../shared/contract/schema/bounded.ts'
import { described, timeOf } from '../../../../shared/contract/schema/described.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { documentParams, exampleCursors, listOf, pageQuery } from '../../schemas/common.ts'
import { orNull } from '../../schemas/document.ts'
import { fromCursor, toPage } from '../../views/cursor.ts'
import type { App, Context } from '../context.ts'
import { requireDocument } from '../documents/find.ts'

const defaultLimit = 50

const revisionSchema = Type.Object(
  {
    page: described(Type.Integer({ minimum: 1 }), 'Page number in the document.', 1),
    revision: described(Type.Integer({ minimum: 0 }), 'Revision of the page.', 1),
    kind: described(
      oneOf(['reading', 'correction']),
      '`reading`: by an engine, before the first correction or after one. `correction`: by a person.',
      'correction',
    ),
    author: described(orNull(nameText), 'Name of the token; null for readings.', 'anna'),
    at: timeOf('Time of the revision.'),
    isShown: described(Type.Boolean(), 'Whether the page has this text now.'),
    text: described(pageText, 'Text of the page.', 'Invoice 2026-117\n'),
  },
  { additionalProperties: false, title: 'Revision', description: 'A text that a page had.' },
)

/** `GET /v1/documents/{id}/revisions`. */
export function revisionsRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/revisions',
    {
      config: { scope: 'read', problems: ['unknown_document'] },
      schema: {
        operationId: 'listRevisions',
        summary: 'List the revisions of a document',
        description:
          'The texts of its corrected pages, by page and revision. A page that was never corrected has none.',
        tags: ['Documents'],
        params: documentParams,
        querystring: Type.Object({ ...pageQuery(defaultLimit, exampleCursors.time) }),
        response: { 200: listOf(revisionSchema, 'One page of revisions.') },
      },
    },
    async ({ params: { id }, query: { limit = defaultLimit, cursor } }) => {
      await requireDocument(context, id)
      const { revisions, pages } = context.ledger.get()
      const place = fromCursor(cursor)
      const after = { page: place?.time ?? 0, number: Number(place?.id ?? -1) }
      const { entries, nextCursor } = toPage(
        revisions.list(id, after, limit + 1),
        limit,
        ({ page, number }) => ({ time: page, id: String(number) }),
      )
      const latest = new Map(entries.map(({ page }) => [page, revisions.latest(id, page)]))
      const items = entries.map(({ page, number, kind, author, at, result }) => {
        const shown = pages.readable(id, page)?.correction?.number
        const isShown = shown === undefined ? number === latest.get(page) : number === shown
        return { page, revision: number, kind, author, at, isShown, text: result.text }
      })
      return { items, nextCursor }
    },
  )
}
