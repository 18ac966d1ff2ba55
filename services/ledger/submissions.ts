import type { DatabaseSync } from 'node:sqlite'
import { toDocument, type Document } from './document.ts'
import type { FailureCount } from './queries/document-counts.ts'

const runsAtATime = 100
/** An upload's submission of a document; its time is that of its run's start (ISO 8601). */
interface RecordedSubmission {
  startedAt: string
  runId: string
}

/** Before the newest: a character that sorts after every time. */
export const beforeAll: RecordedSubmission = { startedAt: '~', runId: '' }

/** The uploads that submitted each document, and their names for it: the same bytes may be uploaded more than once. */
export function createSubmissions(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const add = sql(`
    INSERT OR IGNORE INTO submissions (run_id, document_id, name, started_at)
    VALUES (:runId, :documentId, :name, coalesce((SELECT started_at FROM runs WHERE id = :runId), ''))`)
  const runsOf = sql(`
    SELECT run_id, started_at FROM submissions WHERE document_id = ? AND (started_at, run_id) < (?, ?)
    ORDER BY started_at DESC, run_id DESC LIMIT ?`)
  const latest = sql(`
    SELECT run_id, name FROM submissions WHERE document_id = ? ORDER BY started_at DESC, run_id DESC LIMIT 1`)
  const others = sql(`
    SELECT 1 FROM submissions s JOIN runs r ON r.id = s.run_id
    WHERE s.document_id = ? AND s.run_id <> ? AND r.state = 'active' LIMIT 1`)
  const any = sql('SELECT 1 FROM submissions WHERE run_id = ? LIMIT 1')
  const documentsOf = sql('SELECT document_id FROM submissions WHERE run_id = ?')
  const counts = sql(`
    SELECT d.state = 'final' AS final, d.outcome, count(*) AS n FROM submissions s
    JOIN documents d ON d.id = s.document_id WHERE s.run_id = ? GROUP BY 1, 2`)
  const failures = sql(`
    SELECT d.error_code AS code, count(*) AS n FROM submissions s JOIN documents d ON d.id = s.document_id
    WHERE s.run_id = ? AND d.state = 'final' AND d.error_code IS NOT NULL GROUP BY 1 ORDER BY n DESC, code`)
  const latestFailed = sql(`
    SELECT d.* FROM submissions s JOIN documents d ON d.id = s.document_id
    WHERE s.run_id = ? AND d.state = 'final' AND d.error_code = ? ORDER BY d.created_at DESC, d.id DESC LIMIT ?`)
  const open = sql(`
    SELECT 1 FROM submissions s JOIN documents d ON d.id = s.document_id
    WHERE s.run_id = ? AND d.state <> 'final' LIMIT 1`)
  const remove = sql('DELETE FROM submissions WHERE run_id = ? AND document_id = ?')
  const someOf = (
    documentId: string,
    { startedAt, runId }: RecordedSubmission,
    limit: number,
  ): RecordedSubmission[] =>
    runsOf.all(documentId, startedAt, runId, limit).map((row) => ({
      startedAt: String(row['started_at']),
      runId: String(row['run_id']),
    }))
  return {
    /** False where it is known already. */
    add: (runId: string, documentId: string, name: string): boolean =>
      add.run({ runId, documentId, name }).changes === 1,
    /** The uploads that submitted a document, newest first, in batches: they may be many thousands. */
    *runsOf(documentId: string): Generator<string[]> {
      let last: RecordedSubmission | undefined = beforeAll
      while (last !== undefined) {
        const found = someOf(documentId, last, runsAtATime)
        if (found.length > 0) yield found.map(({ runId }) => runId)
        last = found.length < runsAtATime ? undefined : found.at(-1)
      }
    },
    /** Some of them after the given one, in the same order. */
    someOf,
    /** Whether another active upload submitted a document. */
    isWantedBesides: (documentId: string, runId: string) =>
      others.get(documentId, runId) !== undefined,
    /** Whether an upload submitted a document that still exists. */
    hasAny: (runId: string) => any.get(runId) !== undefined,
    /** A document's latest name, and its run. */
    latest(documentId: string): { runId: string; name: string } | undefined {
      const row = latest.get(documentId)
      return row && { runId: String(row['run_id']), name: String(row['name']) }
    },
    documentsOf: (runId: string) => documentsOf.all(runId).map((row) => String(row['document_id'])),
    /** A run's documents by outcome; open ones count as `open`. */
    counts(runId: string): Map<string, number> {
      const found = new Map<string, number>()
      for (const row of counts.all(runId)) {
        const name = row['final'] === 1 ? String(row['outcome']) : 'open'
        found.set(name, (found.get(name) ?? 0) + Number(row['n']))
      }
      return found
    },
    /** Ended documents of a run with an error, by code, the most frequent first. */
    countFailures: (runId: string): FailureCount[] =>
      failures.all(runId).map(({ code, n }) => ({ code: String(code), count: Number(n) })),
    /** The newest of a run with this error code. */
    latestFailed: (runId: string, code: string, limit: number): Document[] =>
      latestFailed.all(runId, code, limit).map(toDocument),
    hasOpen: (runId: string) => open.get(runId) !== undefined,
    remove: (runId: string, documentId: string) => void remove.run(runId, documentId),
  }
}

/** The end of a document that some of its uploads have yet to be notified of. */
interface Announcement {
  id: number
  documentId: string
  /** Data about the document, as JSON text. */
  data: string
  /** The upload that was notified last. */
  last: RecordedSubmission
}

/** Thousands of notifications are too many for one transaction: this table keeps the rest. */
export function createAnnouncements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const insert = sql(
    'INSERT INTO announcements (document_id, data, started_at, run_id) VALUES (?, ?, ?, ?)',
  )
  const first = sql('SELECT * FROM announcements ORDER BY id LIMIT 1')
  const move = sql('UPDATE announcements SET started_at = ?, run_id = ? WHERE id = ?')
  const remove = sql('DELETE FROM announcements WHERE id = ?')
  return {
    add: (documentId: string, data: string, { startedAt, runId }: RecordedSubmission) =>
      insert.run(documentId, data, startedAt, runId),
    /** The oldest; undefined where all have been sent. */
    first(): Announcement | undefined {
      const row = first.get()
      return (
        row && {
          id: Number(row['id']),
          documentId: String(row['document_id']),
          data: String(row['data']),
          last: { startedAt: String(row['started_at']), runId: String(row['run_id']) },
        }
      )
    },
    move: (id: number, { startedAt, runId }: RecordedSubmission) => move.run(startedAt, runId, id),
    remove: (id: number) => remove.run(id),
  }
}
