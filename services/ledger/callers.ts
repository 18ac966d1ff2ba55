import type { DatabaseSync } from 'node:sqlite'

/** Each caller's work. A run names its caller: `requestedBy` of its request. */
export function createCallers(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const caller = `json_extract(r.request, '$.requestedBy')`
  const openRuns = sql(`
    SELECT r.id FROM runs r WHERE r.state = 'active' AND ${caller} = ? AND r.id > ? ORDER BY r.id LIMIT ?`)
  const openPages = sql(`
    SELECT coalesce(sum(pages), 0) AS pages FROM (
      SELECT max(1, coalesce(pages_total, 1)) AS pages FROM documents WHERE run_id = ? AND state <> 'final' LIMIT ?)`)
  const folders = sql(`
    SELECT count(*) AS n FROM runs r WHERE r.state = 'active' AND ${caller} = ? AND r.source = 'folder'`)
  const uploaders = sql(`
    SELECT s.run_id, ${caller} AS caller FROM submissions s JOIN runs r ON r.id = s.run_id
    WHERE s.document_id = ? AND s.run_id > ? ORDER BY s.run_id LIMIT ?`)
  return {
    /** Open runs of a caller after this one, by id. */
    openRuns: (name: string, after: string, limit: number): string[] =>
      openRuns.all(name, after, limit).map((row) => String(row['id'])),
    /** Number of pages of a run's open documents; counts at most `limit` documents. */
    openPages: (runId: string, limit: number): number =>
      Number(openPages.get(runId, limit)?.['pages']),
    openFolders: (name: string): number => Number(folders.get(name)?.['n']),
    /** Callers that uploaded a document, by run, after this run. */
    uploaders: (documentId: string, after: string, limit: number) =>
      uploaders.all(documentId, after, limit).map((row) => ({
        runId: String(row['run_id']),
        caller: String(row['caller']),
      })),
  }
}
