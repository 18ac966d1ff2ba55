import { Type } from '@sinclair/typebox'
import { pathText } from '../../../shared/contract/schema/bounded.ts'
import {
  countOf,
  described,
  documentIdText,
  exampleRunId,
  percentOf,
  runIdText,
  shareOf,
} from '../../../shared/contract/schema/described.ts'
import { exampleCursors, listOf, pageQuery } from '../schemas/common.ts'
import { fromCursor, toPage } from '../views/cursor.ts'
import type { App, Context } from './context.ts'

const defaultLimit = 50
/** Expected share of right words below which a page is worth a person's time. */
const defaultMark = 0.9
/** Scores have four decimals: a cursor holds them as integers. */
const steps = 10_000

const itemSchema = Type.Object(
  {
    documentId: documentIdText,
    name: described(pathText, 'Name or path of the document.', 'scan.tif'),
    runId: runIdText,
    page: described(Type.Integer({ minimum: 1 }), 'Page number in the document.', 1),
    score: shareOf('Expected share of right words, by the judge.', 0.71),
    confidence: percentOf('Mean word confidence.', 71.5),
    words: countOf('Words of the page.', 312),
  },
  { additionalProperties: false, title: 'ReviewPage', description: 'A page to check.' },
)

/** `GET /v1/review`: pages that nobody has checked, worst first. */
export function reviewRoute(app: App, { ledger }: Context): void {
  app.get(
    '/v1/review',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listReview',
        summary: 'List pages to check',
        description:
          'Recognised pages of finished documents below a mark, worst first. A corrected page is no longer listed; the text of a PDF, blank pages and pages that an earlier version read are not either.',
        tags: ['Documents'],
        querystring: Type.Object({
          below: Type.Optional(
            described(
              Type.Number({ minimum: 0, maximum: 1.01 }),
              `Only pages with a score below this. Default: ${defaultMark}.`,
              defaultMark,
            ),
          ),
          run: Type.Optional(
            described(Type.String({ maxLength: 100 }), 'Only pages of this run.', exampleRunId),
          ),
          ...pageQuery(defaultLimit, exampleCursors.time),
        }),
        response: { 200: listOf(itemSchema, 'One page of the list.') },
      },
    },
    async ({ query: { below = defaultMark, run, limit = defaultLimit, cursor } }) => {
      const { review, documents } = ledger.get()
      const place = fromCursor(cursor)
      const [documentId = '', page = '0'] = place?.id.split(' ') ?? []
      const after = place && { score: place.time / steps, documentId, page: Number(page) }
      const found = review.pages({ below, run }, after, limit + 1)
      const { entries, nextCursor } = toPage(found, limit, (each) => ({
        time: Math.round(each.score * steps),
        id: `${each.documentId} ${each.page}`,
      }))
      const items = entries.flatMap((each) => {
        const row = documents.get(each.documentId)
        if (row === undefined) return []
        return [{ ...each, name: row.path, runId: row.runId }]
      })
      return { items, nextCursor }
    },
  )
}
