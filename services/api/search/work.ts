import type { Static } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import { boundedList, messageText, pathText } from '../../../shared/contract/schema/bounded.ts'
import {
  described,
  documentIdText,
  pageNumber,
  runIdText,
} from '../../../shared/contract/schema/described.ts'
import { wordSchema } from '../../../shared/contract/result/layout.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { toCursor } from '../views/cursor.ts'
import { findHits } from './hits.ts'
import { withMisread } from './misread.ts'
import { toMatch, type SearchQuery } from './query.ts'

const pixels = Type.Integer({ minimum: 0 })

export const hitSchema = Type.Object(
  {
    documentId: documentIdText,
    runId: runIdText,
    name: described(pathText, 'File name or path of the document.', 'invoice.pdf'),
    page: pageNumber,
    width: described(pixels, 'Width of the page, pixels; boxes refer to it.', 2480),
    height: described(pixels, 'Height of the page, pixels.', 3508),
    snippet: described(
      messageText,
      'Text around the first match, HTML, with matches in `<mark>`.',
      'the <mark>invoice</mark> of March',
    ),
    words: described(boundedList(wordSchema, 10_000), 'Matching words and their boxes.'),
  },
  { title: 'Hit', description: 'Page that matches.' },
)
type Hit = Static<typeof hitSchema>

/** A search, its words parsed. */
export interface Search {
  query: SearchQuery
  /** Whether words also match with one misread letter. */
  isFuzzy: boolean
  limit: number
  offset: number
}

/** Maximum time of one search, milliseconds: the next page continues, because other searches wait. */
const budgetMs = 2_000

/** A page of results, best first. A rank is no stable position, so the cursor counts results. */
export function search(
  { search: index, documents, pages, submissions }: Ledger,
  { query, isFuzzy, limit, offset }: Search,
): { items: Hit[]; nextCursor: string | null } {
  const given = query.wanted.map((term) => [term])
  const groups = isFuzzy
    ? query.wanted.map((term) => withMisread(term, (token) => index.hasToken(token)))
    : given
  const terms = groups.flat()
  const exact = toMatch(given, query)
  const found = index.find({ match: toMatch(groups, query), exact, limit: limit + 1, offset })
  const wanted = found.slice(0, limit)
  const until = performance.now() + budgetMs
  const items: Hit[] = []
  let seen = 0
  for (const { documentId, page } of wanted) {
    if (seen > 0 && performance.now() > until) break
    seen += 1
    const row = documents.get(documentId)
    const result = pages.readable(documentId, page)
    if (row === undefined || result === undefined) continue
    const named = row.origin === 'upload' ? submissions.latest(documentId) : undefined
    const { width, height } = result
    const [runId, name] = [named?.runId ?? row.runId, named?.name ?? row.path]
    items.push({ documentId, page, width, height, runId, name, ...findHits(result, terms) })
  }
  const isMore = found.length > seen
  return { items, nextCursor: isMore ? toCursor({ time: offset + seen, id: 'search' }) : null }
}
