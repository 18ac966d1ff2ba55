import type { DatabaseSync } from 'node:sqlite'

/** A page that matches; of two ranks the lower one is better. */
export interface PageMatch {
  documentId: string
  page: number
  rank: number
}

/**
 * Full text over the pages of finished documents. Where more than `maxRanked` pages match, the newest of them are
 * ranked: bm25 takes about 3 µs a page, so that a word of every page of a million would hold up the API for seconds.
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
    /** The pages that an FTS5 expression matches, best first. */
    find: (match: string, limit: number, offset: number) =>
      find.all(match, maxRanked, limit, offset) as unknown as PageMatch[],
  }
}
