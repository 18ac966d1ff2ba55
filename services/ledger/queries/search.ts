import type { DatabaseSync } from 'node:sqlite'

/** A matching page; a lower rank is better. */
interface PageMatch {
  documentId: string
  page: number
  rank: number
}

/**
 * Full-text search over the pages of finished documents. Where more than `maxRanked` pages match, only the newest are
 * ranked: bm25 takes about 3 µs a page, so a word on every one of a million pages would block the API for seconds.
 */
export function createSearch(database: DatabaseSync, { maxRanked = 20_000 } = {}) {
  const find = database.prepare(`
    SELECT p.document_id AS documentId, p.page, hit.rank
    FROM (
      SELECT rowid AS id, rank FROM page_texts WHERE page_texts MATCH ? ORDER BY rowid DESC LIMIT ?
    ) hit
    JOIN pages p ON p.rowid = hit.id
    JOIN documents d ON d.id = p.document_id
    WHERE d.state = 'final' AND d.expired_at IS NULL
    ORDER BY hit.rank, hit.id LIMIT ? OFFSET ?`)
  return {
    /** The pages that match an FTS5 expression, best first. */
    find: (match: string, limit: number, offset: number) =>
      find.all(match, maxRanked, limit, offset) as unknown as PageMatch[],
  }
}
