import type { DatabaseSync } from 'node:sqlite'

/** Which uploads asked for which document, and under which name: the same bytes may be uploaded more than once. */
export function createSubmissions(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const add = sql('INSERT OR IGNORE INTO submissions (run_id, document_id, name) VALUES (?, ?, ?)')
  const runsOf = sql(`
    SELECT s.run_id FROM submissions s JOIN runs r ON r.id = s.run_id WHERE s.document_id = ?
    ORDER BY r.started_at DESC, r.id DESC`)
  const latest = sql(`
    SELECT s.run_id, s.name FROM submissions s JOIN runs r ON r.id = s.run_id WHERE s.document_id = ?
    ORDER BY r.started_at DESC, r.id DESC LIMIT 1`)
  const documentsOf = sql('SELECT document_id FROM submissions WHERE run_id = ?')
  const counts = sql(`
    SELECT d.state = 'final' AS final, d.outcome, count(*) AS n FROM submissions s
    JOIN documents d ON d.id = s.document_id WHERE s.run_id = ? GROUP BY 1, 2`)
  const open = sql(`
    SELECT 1 FROM submissions s JOIN documents d ON d.id = s.document_id
    WHERE s.run_id = ? AND d.state <> 'final' LIMIT 1`)
  const removeDocument = sql('DELETE FROM submissions WHERE document_id = ?')
  return {
    add(runId: string, documentId: string, name: string): void {
      add.run(runId, documentId, name)
    },
    /** The uploads that asked for a document, newest first. */
    runsOf: (documentId: string) => runsOf.all(documentId).map((row) => String(row['run_id'])),
    /** How a document was called last, and in which run. */
    latest(documentId: string): { runId: string; name: string } | undefined {
      const row = latest.get(documentId)
      return row && { runId: String(row['run_id']), name: String(row['name']) }
    },
    documentsOf: (runId: string) => documentsOf.all(runId).map((row) => String(row['document_id'])),
    /** A run's documents by outcome; those that are still open count as `open`. */
    counts(runId: string): Map<string, number> {
      const found = new Map<string, number>()
      for (const row of counts.all(runId)) {
        const name = row['final'] === 1 ? String(row['outcome']) : 'open'
        found.set(name, (found.get(name) ?? 0) + Number(row['n']))
      }
      return found
    },
    hasOpen: (runId: string) => open.get(runId) !== undefined,
    removeDocument: (documentId: string) => removeDocument.run(documentId),
  }
}

export type Submissions = ReturnType<typeof createSubmissions>
