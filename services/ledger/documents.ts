import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { failedOutcomes } from '../../shared/contract/result/outcomes.ts'
import { toDocument, toKnownDocument, type Document, type DocumentState } from './document.ts'
import { createContents } from './queries/contents.ts'
import { createDocumentCounts } from './queries/document-counts.ts'
import { createDocumentTransitions } from './transitions/document-transitions.ts'

const rowsAtATime = 50

/** Queries about documents, and the transitions of their state machine. */
export function createDocuments(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const byId = sql('SELECT * FROM documents WHERE id = ?')
  const manyById = sql(`
    SELECT id, run_id, path, stat, fingerprint, job_id, pass, state, outcome, error_code, error_message, sha256, outputs, warnings
    FROM documents WHERE id IN (SELECT value FROM json_each(?))`)
  const jobsIn = sql('SELECT job_id FROM documents WHERE run_id = ? AND state = ?')
  const planned = sql(
    `SELECT * FROM documents WHERE run_id = ? AND state = 'planned' AND state <> 'final'`,
  )
  const someInState = sql(`
    SELECT * FROM documents WHERE run_id = ? AND state = ? AND state <> 'final' AND id > ?
    ORDER BY id LIMIT ${rowsAtATime}`)
  const someOpenIn = sql(`
    SELECT id FROM documents WHERE run_id = ? AND state = ? AND state <> 'final' LIMIT ?`)
  const idsInState = sql('SELECT id FROM documents WHERE run_id = ? AND state = ?')
  const unpublished = sql(
    // The second condition lets SQLite use the index of open documents.
    `SELECT id FROM documents WHERE state = 'read' AND state <> 'final'`,
  )
  const openUploads = sql(`
    SELECT id FROM documents WHERE state = 'planned' AND state <> 'final' AND is_upload = 1`)
  const failedIn = sql(`
    SELECT * FROM documents WHERE run_id = ? AND state = 'final'
      AND outcome IN ('partial', 'rejected', 'timeout', 'engine_crash', 'failed', 'cancelled')`)
  const someWith = sql(`
    SELECT * FROM documents INDEXED BY documents_by_run
    WHERE run_id = ? AND state = 'final' AND outcome = ? AND (created_at, id) > (?, ?)
    ORDER BY created_at, id LIMIT ?`)
  const someFailed = sql(`
    SELECT * FROM documents INDEXED BY documents_failed
    WHERE run_id = ? AND state = 'final' AND error_code = ? AND (created_at, id) > (?, ?)
    ORDER BY created_at, id LIMIT ?`)
  const latestFailed = sql(`
    SELECT * FROM documents INDEXED BY documents_failed WHERE run_id = ? AND state = 'final' AND error_code = ?
    ORDER BY created_at DESC, id DESC LIMIT ?`)
  const someWarned = sql(`
    SELECT * FROM documents WHERE run_id = ? AND state = 'final' AND warnings IS NOT NULL AND id > ?
    ORDER BY id LIMIT ${rowsAtATime}`)
  const keptSince = sql(`
    SELECT * FROM documents WHERE is_upload = 1 AND expired_at IS NULL AND state = 'final' AND finished_at < ?
    ORDER BY finished_at LIMIT ?`)
  const finished = sql(`
    SELECT d.* FROM documents d JOIN runs r ON r.id = d.run_id
    WHERE r.out = ? AND d.state = 'final' ORDER BY d.path`)
  return {
    ...createDocumentTransitions(database),
    ...createContents(database),
    ...createDocumentCounts(database),
    get(id: string): Document | undefined {
      const row = byId.get(id)
      return row && toDocument(row)
    },
    /** Returns the planner's columns of these documents, by id; skips unknown ones. */
    getMany: (ids: readonly string[]) =>
      new Map(
        manyById.all(JSON.stringify(ids)).map((row) => [String(row['id']), toKnownDocument(row)]),
      ),
    idsInState: (runId: string, state: DocumentState) =>
      idsInState.all(runId, state).map((found) => String(found['id'])),
    jobsIn: (runId: string, state: DocumentState) =>
      jobsIn.all(runId, state).map((found) => String(found['job_id'])),
    planned: (runId: string) => toDocuments(planned.all(runId)),
    /** Some documents of a run in a state that is not final. */
    someOpenIn: (runId: string, state: 'planned' | 'waiting', limit: number) =>
      someOpenIn.all(runId, state, limit).map((found) => String(found['id'])),
    /** Documents that wait for their pages, or for another document with the same bytes, in batches. */
    *openInTurns(runId: string): Generator<Document[]> {
      for (const state of ['waiting', 'planned']) yield* inTurns(someInState, runId, state)
    },
    unpublished: () => unpublished.all().map((found) => String(found['id'])),
    /** Uploads that must still be read. */
    openUploads: () => openUploads.all().map((found) => String(found['id'])),
    failedIn: (runId: string) => toDocuments(failedIn.all(runId)),
    /** The same, in batches; those with one error code, or all. */
    *failedInTurns(runId: string, code?: string): Generator<Document[]> {
      if (code !== undefined) return yield* byTime(someFailed, runId, code)
      for (const outcome of [...failedOutcomes, 'cancelled'])
        yield* byTime(someWith, runId, outcome)
    },
    /** The newest failures of a run with this error code. */
    latestFailed: (runId: string, code: string, limit: number) =>
      toDocuments(latestFailed.all(runId, code, limit)),
    /** Ended documents of a run with a warning, in batches. */
    warnedInTurns: (runId: string) => inTurns(someWarned, runId),
    /** Uploads that ended before `time` (ISO 8601) and are still kept. */
    keptSince: (time: string, limit: number) => toDocuments(keptSince.all(time, limit)),
    /** All finished documents of an output folder, by path. */
    *finished(out: string): Generator<Document> {
      for (const row of finished.iterate(out)) yield toDocument(row)
    },
  }
}

type Row = Record<string, unknown>

const toDocuments = (rows: readonly Row[]): Document[] => rows.map(toDocument)

/** All documents of a statement that takes `keys` and the last id seen, in batches: between two, other work may run. */
function* inTurns(statement: StatementSync, ...keys: string[]): Generator<Document[]> {
  let last: string | undefined = ''
  while (last !== undefined) {
    const found = toDocuments(statement.all(...keys, last))
    if (found.length > 0) yield found
    last = found.length < rowsAtATime ? undefined : found.at(-1)?.id
  }
}

/** The same, for a statement that takes `keys` and the time and id of the last document. */
function* byTime(statement: StatementSync, ...keys: string[]): Generator<Document[]> {
  let last: Document | undefined
  do {
    const { createdAt = 0, id = '' } = last ?? {}
    const found = toDocuments(statement.all(...keys, createdAt, id, rowsAtATime))
    if (found.length > 0) yield found
    last = found.length < rowsAtATime ? undefined : found.at(-1)
  } while (last !== undefined)
}
