import type { DatabaseSync } from 'node:sqlite'

/** SQL: whether a column of warnings has one of a page that may be read better. */
export const mayReadBetterSql = (column: string): string =>
  `(coalesce(${column}, '') LIKE '%"reading_given_up"%')`

/**
 * Pages that are read again although they have a text. The text of the earlier pass is provisional: it is kept where the
 * present pass fails, or gives up a reading once more.
 */
export function createProvisionalPages(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const mark = sql(`
    UPDATE pages SET is_provisional = 1
    WHERE document_id = ? AND warnings IS NOT NULL AND ${mayReadBetterSql('warnings')}`)
  const settle = sql(
    'UPDATE pages SET is_provisional = 0 WHERE document_id = ? AND page = ? AND is_provisional = 1',
  )
  const settleAll = sql(
    'UPDATE pages SET is_provisional = 0 WHERE document_id = ? AND is_provisional = 1',
  )
  return {
    /** Marks the pages of a document that may be read better. */
    markProvisional: (documentId: string): void => void mark.run(documentId),
    /** The present pass has ended this page. */
    settle: (documentId: string, page: number): void => void settle.run(documentId, page),
    /** The present pass of the document has failed. Returns whether pages of an earlier one are kept. */
    settleAll: (documentId: string): boolean => settleAll.run(documentId).changes > 0,
  }
}
