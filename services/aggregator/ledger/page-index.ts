import type { DatabaseSync } from 'node:sqlite'

/**
 * The words of every page that was read, for `search.ts`. A page is in it if and only if it has a result; the caller
 * changes both in one transaction, because SQLite gives the rowid of a page that is gone to another one.
 */
export function createPageIndex(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const add = sql(`
    INSERT OR REPLACE INTO page_texts (rowid, text)
    SELECT rowid, ? FROM pages WHERE document_id = ? AND page = ?`)
  const remove = sql(
    'DELETE FROM page_texts WHERE rowid IN (SELECT rowid FROM pages WHERE document_id = ?)',
  )
  // The index's own list of its rows, which is looked up by rowid: 0.8 µs a page, and the texts are not touched.
  const missing = sql(`
    SELECT document_id, page FROM pages WHERE rowid NOT IN (SELECT id FROM page_texts_docsize)`)
  return {
    add(documentId: string, page: number, text: string): void {
      add.run(text, documentId, page)
    },
    remove(documentId: string): void {
      remove.run(documentId)
    },
    /** Pages that are not in it: read while the ledger was not searchable, or not read at all. */
    missing: () => missing.all() as unknown as { document_id: string; page: number }[],
  }
}

/** Whether there is something in the index: from then on it has to follow the pages, or it would tell of others. */
export const hasPageIndex = (database: DatabaseSync): boolean =>
  database.prepare('SELECT rowid FROM page_texts LIMIT 1').get() !== undefined
