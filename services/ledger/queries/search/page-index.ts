import type { DatabaseSync } from 'node:sqlite'
import { indexedText } from './passages.ts'

export interface PageOfDocument {
  documentId: string
  page: number
}

/**
 * The words of every read page, for `search.ts`. The index contains a page if and only if the page has a result; the
 * caller changes both in one transaction, because SQLite reuses the rowid of a deleted page.
 */
export function createPageIndex(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const add = sql(`
    INSERT OR REPLACE INTO page_texts (rowid, text)
    SELECT rowid, ? FROM pages WHERE document_id = ? AND page = ?`)
  const remove = sql(
    'DELETE FROM page_texts WHERE rowid IN (SELECT rowid FROM pages WHERE document_id = ?)',
  )
  // The index's own list of its rows, which is looked up by rowid: 0.8 µs a page, without reading the texts.
  const missing = sql(`
    SELECT document_id AS documentId, page FROM pages WHERE rowid NOT IN (SELECT id FROM page_texts_docsize)`)
  return {
    add(documentId: string, page: number, text: string): void {
      add.run(indexedText(text), documentId, page)
    },
    remove(documentId: string): void {
      remove.run(documentId)
    },
    /** Pages missing from the index: read while the ledger was not searchable, or not read at all. */
    missing: () => missing.all() as unknown as PageOfDocument[],
  }
}

/** Whether the index contains anything: from then on it must follow the pages, or it would return other texts. */
export const hasPageIndex = (database: DatabaseSync): boolean =>
  database.prepare('SELECT rowid FROM page_texts LIMIT 1').get() !== undefined
