import type { DatabaseSync } from 'node:sqlite'
import { failedOutcomes, type Outcome } from '../../shared/contract/contract.ts'
import { toDocument, toKnownDocument, type Document, type DocumentState } from './document.ts'
import { createTransitions } from './transitions.ts'

const rowsAtATime = 50
/** Documents that wait for one with the same bytes are settled in one transaction: 80 ms for this many. */
const twinsAtATime = 1_000

/** Queries about documents, and the transitions of their state machine. */
export function createDocuments(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const byId = sql('SELECT * FROM documents WHERE id = ?')
  const manyById = sql(`
    SELECT id, run_id, path, stat, fingerprint, job_id, pass, state, outcome, error_code, error_message, sha256, outputs
    FROM documents WHERE id IN (SELECT value FROM json_each(?))`)
  const byContent = sql(`
    SELECT * FROM documents WHERE sha256 = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND state IN ('read', 'final') AND expired_at IS NULL AND id <> ? LIMIT 1`)
  const sameSize = sql(`
    SELECT 1 FROM documents WHERE bytes = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND id <> ? LIMIT 1`)
  const waiting = sql(
    `SELECT * FROM documents WHERE state = 'waiting' AND duplicate_of = ? LIMIT ${twinsAtATime}`,
  )
  const stranded = sql(`
    SELECT w.* FROM documents w JOIN runs r ON r.id = w.run_id LEFT JOIN documents o ON o.id = w.duplicate_of
    WHERE w.state = 'waiting' AND r.state = 'active' AND (o.state IS NOT 'planned' OR o.run_id <> w.run_id)
    LIMIT ${twinsAtATime}`)
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
    SELECT * FROM documents WHERE run_id = ? AND state = 'final' AND outcome = ? AND id > ? ORDER BY id LIMIT ${rowsAtATime}`)
  const keptSince = sql(`
    SELECT * FROM documents WHERE is_upload = 1 AND expired_at IS NULL AND state = 'final' AND finished_at < ?
    ORDER BY finished_at LIMIT ?`)
  const spooled = sql(
    'SELECT 1 FROM documents WHERE sha256 = ? AND is_upload = 1 AND expired_at IS NULL LIMIT 1',
  )
  const open = sql(`SELECT count(*) AS n FROM documents WHERE run_id = ? AND state <> 'final'`)
  const anyOpen = sql(`SELECT 1 FROM documents WHERE run_id = ? AND state <> 'final' LIMIT 1`)
  const openPaths = sql(`SELECT path FROM documents WHERE run_id = ? AND state <> 'final' LIMIT ?`)
  const incomplete = sql(
    'SELECT count(*) AS n FROM documents WHERE run_id = ? AND unavailable IS NOT NULL',
  )
  // Uses only the index of outcomes: reading the rows would take ten times as long.
  const counts = sql(`
    SELECT outcome, count(*) AS n FROM documents WHERE run_id = ? AND state = 'final' GROUP BY outcome`)
  const unstable = sql(`
    SELECT outcome, count(*) AS n FROM documents
    WHERE run_id = ? AND state = 'final' AND error_code = 'unstable' GROUP BY outcome`)
  const finished = sql(`
    SELECT d.* FROM documents d JOIN runs r ON r.id = d.run_id
    WHERE r.out = ? AND d.state = 'final' ORDER BY d.path`)
  return {
    ...createTransitions(database),
    get: (id: string) => one(byId.get(id)),
    /** Returns the planner's columns of these documents, by id; skips unknown ones. */
    getMany: (ids: readonly string[]) =>
      new Map(
        manyById.all(JSON.stringify(ids)).map((row) => [String(row['id']), toKnownDocument(row)]),
      ),
    /** A document whose pages may be copied: same bytes, same recipe, read. */
    withContent: (sha256: string, fingerprint: string, otherThan: string) =>
      one(byContent.get(sha256, fingerprint, otherThan)),
    hasSizeOf: (bytes: number, fingerprint: string, otherThan: string) =>
      sameSize.get(bytes, fingerprint, otherThan) !== undefined,
    /** Documents that wait for this one; those beyond a limit are left to `stranded` once it has ended. */
    waitingFor: (original: string) => toDocuments(waiting.all(original)),
    /** Some documents that wait for one that nobody reads any more, or that another run reads. */
    stranded: () => toDocuments(stranded.all()),
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
      for (const state of ['waiting', 'planned']) {
        let last: string | undefined = ''
        while (last !== undefined) {
          const found = toDocuments(someInState.all(runId, state, last))
          if (found.length > 0) yield found
          last = found.length < rowsAtATime ? undefined : found.at(-1)?.id
        }
      }
    },
    unpublished: () => unpublished.all().map((found) => String(found['id'])),
    /** Uploads that must still be read. */
    openUploads: () => openUploads.all().map((found) => String(found['id'])),
    failedIn: (runId: string) => toDocuments(failedIn.all(runId)),
    /** The same, in batches. */
    *failedInTurns(runId: string): Generator<Document[]> {
      for (const outcome of [...failedOutcomes, 'cancelled'] as const) {
        let last = ''
        for (;;) {
          const found = toDocuments(someWith.all(runId, outcome, last))
          if (found.length > 0) yield found
          if (found.length < rowsAtATime) break
          last = found.at(-1)?.id ?? ''
        }
      }
    },
    /** Uploads that ended before `time` (ISO 8601) and are still kept. */
    keptSince: (time: string, limit: number) => toDocuments(keptSince.all(time, limit)),
    /** Whether the bytes with this hash must stay in the spool. */
    isSpooled: (sha256: string) => spooled.get(sha256) !== undefined,
    hasOpen: (runId: string) => anyOpen.get(runId) !== undefined,
    countOpen: (runId: string) => Number(open.get(runId)?.['n']),
    openPaths: (runId: string, limit: number) =>
      openPaths.all(runId, limit).map((found) => String(found['path'])),
    countUnavailable: (runId: string) => Number(incomplete.get(runId)?.['n']),
    /** Final documents of a run by outcome; those that changed while they were read count as `unstable`. */
    countFinal(runId: string): Map<Outcome | 'unstable', number> {
      const found = new Map<Outcome | 'unstable', number>(toCounts(counts.all(runId)))
      for (const [outcome, n] of toCounts(unstable.all(runId))) {
        const others = (found.get(outcome) ?? 0) - n
        if (others > 0) found.set(outcome, others)
        else found.delete(outcome)
        found.set('unstable', (found.get('unstable') ?? 0) + n)
      }
      return found
    },
    /** All finished documents of an output folder, by path. */
    *finished(out: string): Generator<Document> {
      for (const row of finished.iterate(out)) yield toDocument(row)
    },
  }
}

export type Documents = ReturnType<typeof createDocuments>

type Row = Record<string, unknown>

const one = (row: Row | undefined): Document | undefined => row && toDocument(row)
const toDocuments = (rows: readonly Row[]): Document[] => rows.map(toDocument)
const toCounts = (found: Row[]) =>
  found.map(({ outcome, n }) => [outcome as Outcome, Number(n)] as const)
