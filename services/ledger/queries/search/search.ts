import type { DatabaseSync } from 'node:sqlite'

/** A matching page; a lower rank is better. */
interface PageMatch {
  documentId: string
  page: number
  rank: number
}

/** An FTS5 expression, and a part of its matches. Those that match `exact` too precede the others. */
interface Matching {
  match: string
  exact?: string
  limit: number
  offset: number
}

/** The pages that match; `also` joins what `order` needs. */
const found = (order: string, also = ''): string => `
  SELECT p.document_id AS documentId, p.page, hit.rank
  FROM (
    SELECT rowid AS id, rank FROM page_texts WHERE page_texts MATCH ? ORDER BY rowid DESC LIMIT ?
  ) hit
  ${also}
  JOIN pages p ON p.rowid = hit.id
  JOIN documents d ON d.id = p.document_id
  WHERE d.state = 'final' AND d.expired_at IS NULL
  ORDER BY ${order}hit.rank, hit.id LIMIT ? OFFSET ?`

/**
 * Full-text search over the pages of finished documents. Where more than `maxRanked` pages match, only the newest are
 * ranked: bm25 takes about 3 µs a page, so a word on every one of a million pages would block the API for seconds.
 */
export function createSearch(database: DatabaseSync, { maxRanked = 20_000 } = {}) {
  const find = database.prepare(found(''))
  const exactly = 'SELECT rowid AS id FROM page_texts WHERE page_texts MATCH ? ORDER BY rowid DESC'
  const findExactFirst = database.prepare(
    found('same.id IS NULL, ', `LEFT JOIN (${exactly} LIMIT ?) same ON same.id = hit.id`),
  )
  let vocabulary: ReturnType<DatabaseSync['prepare']> | undefined
  return {
    /** The matching pages, best first. */
    find({ match, exact = match, limit, offset }: Matching): PageMatch[] {
      const all =
        exact === match
          ? find.all(match, maxRanked, limit, offset)
          : findExactFirst.all(match, maxRanked, exact, maxRanked, limit, offset)
      return all as unknown as PageMatch[]
    },
    /** Whether a page has, or had, this token. Each call looks up one key. */
    hasToken(token: string): boolean {
      vocabulary ??= prepareVocabulary(database)
      return vocabulary.get(token) !== undefined
    },
  }
}

/** `instance` yields the first place at once; `row` would count all of them. */
function prepareVocabulary(database: DatabaseSync) {
  database.exec(
    `CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab('main', 'page_texts', 'instance')`,
  )
  return database.prepare('SELECT 1 FROM temp.vocabulary WHERE term = ? LIMIT 1')
}
