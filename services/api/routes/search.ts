import { Type } from '@sinclair/typebox'
import { fromCursor } from '../views/cursor.ts'
import { holderOf } from '../http/holder.ts'
import { parseSearchQuery } from '../search/query.ts'
import { hitSchema } from '../search/work.ts'
import { exampleCursors, listOf, pageQuery } from '../schemas/common.ts'
import { items as inHand } from '../in-hand.ts'
import type { App, Context } from './context.ts'
import { described } from '../../../shared/contract/schema/described.ts'

const searchItem = inHand.search

const defaultLimit = 20

/** `GET /v1/search`: pages by their words, best first. */
export function searchRoute(app: App, { ledger, searches, hands }: Context): void {
  app.get(
    '/v1/search',
    {
      config: { scope: 'read', problems: ['invalid_request', 'poison'] },
      schema: {
        operationId: 'search',
        summary: 'Search the full text',
        description:
          'Pages that match, best match first. Words that are hyphenated at a line end are found whole and in parts. In scripts without spaces any part of a text is found.',
        tags: ['Search'],
        querystring: Type.Object({
          q: described(
            Type.String({ minLength: 1, maxLength: 1_000 }),
            'Search terms: words, "phrases", prefix* and -excluded words.',
            'invoice',
          ),
          fuzzy: Type.Optional(
            described(
              Type.Boolean(),
              'Whether words of five letters and more also match with one letter misread; at most 20 words. Default: false.',
              true,
            ),
          ),
          ...pageQuery(defaultLimit, exampleCursors.rank),
        }),
        // Sent as the text that the search made.
        response: { 200: Type.Unsafe<string>(listOf(hitSchema, 'One page of hits.')) },
      },
    },
    async (request, reply) => {
      const { q, fuzzy: isFuzzy = false, limit = defaultLimit, cursor } = request.query
      const query = parseSearchQuery(q, isFuzzy)
      ledger.get() // Throws early if there is no ledger.
      const offset = fromCursor(cursor)?.time ?? 0
      const wanted = { query, isFuzzy, limit, offset }
      const found = await hands.around(searchItem(q, isFuzzy, limit, cursor), () =>
        searches.find(wanted, holderOf(request)),
      )
      return reply
        .type('application/json; charset=utf-8')
        .serializer(String) // The result is JSON text already, serialised outside of the event loop.
        .send(found)
    },
  )
}
