import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract.ts'
import type { Input } from '../../../shared/messages.ts'

export type DocumentState = 'planned' | 'waiting' | 'read' | 'final'

/** A document's row. `outputs` is JSON: the SHA-256 of each file that was written, by format. */
export interface DocumentRow {
  id: string
  run_id: string
  path: string
  stat: string
  bytes: number
  fingerprint: string
  job_id: string
  /** Counts readings that were asked for anew, so that each has its own job id. */
  pass: number
  state: DocumentState
  outcome: Outcome | null
  error_code: string | null
  error_message: string | null
  sha256: string | null
  media_type: string | null
  duplicate_of: string | null
  pages_total: number | null
  worker: string | null
  outputs: string | null
  finished_at: string | null
}

export type Plan = Pick<
  DocumentRow,
  'id' | 'run_id' | 'path' | 'stat' | 'bytes' | 'fingerprint' | 'job_id' | 'pass'
>

/** What tells a planner whether a document is to be read. */
export type KnownDocument = Omit<
  DocumentRow,
  'bytes' | 'media_type' | 'duplicate_of' | 'pages_total' | 'worker' | 'finished_at'
>

/** How a document's reading ended. */
export interface Ending {
  outcome: Outcome
  error: { code: string; message: string } | null
  worker: string | null
}

export function createDocuments(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const byId = sql('SELECT * FROM documents WHERE id = ?')
  const manyById = sql(`
    SELECT id, run_id, path, stat, fingerprint, job_id, pass, state, outcome, error_code, error_message, sha256, outputs
    FROM documents WHERE id IN (SELECT value FROM json_each(?))`)
  const plan = sql(`
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state)
    VALUES (:id, :run_id, :path, :stat, :bytes, :fingerprint, :job_id, :pass, 'planned')
    ON CONFLICT (id) DO UPDATE SET run_id = :run_id, stat = :stat, bytes = :bytes, fingerprint = :fingerprint,
      job_id = :job_id, pass = :pass, state = 'planned', outcome = NULL, error_code = NULL, error_message = NULL,
      duplicate_of = NULL, pages_total = NULL, worker = NULL, outputs = NULL, finished_at = NULL`)
  const adopt = sql('UPDATE documents SET run_id = ? WHERE id = ?')
  const input = sql('UPDATE documents SET sha256 = ?, media_type = ?, pages_total = ? WHERE id = ?')
  const wait = sql(`UPDATE documents SET state = 'waiting', duplicate_of = ? WHERE id = ?`)
  const read = sql(`
    UPDATE documents SET state = 'read', outcome = ?, error_code = ?, error_message = ?, worker = ?,
      duplicate_of = ?, finished_at = ? WHERE id = ?`)
  // Its time stays that of the reading: the output files tell it too.
  const settle = sql(`UPDATE documents SET state = 'final', outputs = ? WHERE id = ?`)
  const fail = sql(`
    UPDATE documents SET state = 'final', outcome = ?, error_code = ?, error_message = ?, outputs = NULL,
      finished_at = ? WHERE id = ?`)
  const byContent = sql(`
    SELECT * FROM documents WHERE sha256 = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND state IN ('read', 'final') AND id <> ? LIMIT 1`)
  const sameSize = sql(`
    SELECT 1 FROM documents WHERE bytes = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND id <> ? LIMIT 1`)
  const waiting = sql(`SELECT * FROM documents WHERE state = 'waiting' AND duplicate_of = ?`)
  const inState = sql('SELECT * FROM documents WHERE run_id = ? AND state = ?')
  const idsInState = sql('SELECT id FROM documents WHERE run_id = ? AND state = ?')
  const unpublished = sql(
    // The second condition is what lets SQLite use the index of open documents.
    `SELECT id FROM documents WHERE state = 'read' AND state <> 'final'`,
  )
  const open = sql(`SELECT count(*) AS n FROM documents WHERE run_id = ? AND state <> 'final'`)
  const counts = sql(`
    SELECT outcome, error_code = 'unstable' AS unstable, count(*) AS n FROM documents
    WHERE run_id = ? AND state = 'final' GROUP BY 1, 2`)
  const finished = sql(`
    SELECT d.* FROM documents d JOIN runs r ON r.id = d.run_id
    WHERE r.out = ? AND d.state = 'final' ORDER BY d.path`)
  return {
    get: (id: string) => row(byId.get(id)),
    /** What a planner needs of these documents, by id; those that the ledger does not know are left out. */
    getMany: (ids: readonly string[]) =>
      new Map(knownRows(manyById.all(JSON.stringify(ids))).map((known) => [known.id, known])),
    plan: (next: Plan) => plan.run({ ...next }),
    /** Takes over a document that another run planned and did not get to. */
    adopt: (id: string, runId: string) => adopt.run(runId, id),
    setInput(id: string, { sha256, mediaType }: Input, pagesTotal: number | null): void {
      input.run(sha256, mediaType, pagesTotal, id)
    },
    /** Leaves a document until the one whose content it shares has ended. */
    waitFor: (id: string, original: string) => wait.run(original, id),
    /** All of a document is known; its output files come next. */
    setRead(id: string, { outcome, error, worker }: Ending, duplicateOf: string | null): void {
      const finishedAt = new Date().toISOString()
      const { code = null, message = null } = error ?? {}
      read.run(outcome, code, message, worker, duplicateOf, finishedAt, id)
    },
    settle(id: string, outputs: Record<string, string>): void {
      settle.run(JSON.stringify(outputs), id)
    },
    fail(id: string, outcome: Outcome, error: { code: string; message: string }): void {
      fail.run(outcome, error.code, error.message, new Date().toISOString(), id)
    },
    /** A document whose pages may be copied: same bytes, same recipe, read. */
    withContent: (sha256: string, fingerprint: string, otherThan: string) =>
      row(byContent.get(sha256, fingerprint, otherThan)),
    hasSizeOf: (bytes: number, fingerprint: string, otherThan: string) =>
      sameSize.get(bytes, fingerprint, otherThan) !== undefined,
    waitingFor: (original: string) => rows(waiting.all(original)),
    /** Twenty thousand rows at once would be a burden; their ids are none. */
    idsInState: (runId: string, state: DocumentState) =>
      idsInState.all(runId, state).map((found) => String(found['id'])),
    inState: (runId: string, state: DocumentState) => rows(inState.all(runId, state)),
    unpublished: () => unpublished.all().map((found) => String(found['id'])),
    countOpen: (runId: string) => Number(open.get(runId)?.['n']),
    /** Final documents of a run by outcome; those that changed while they were read count as `unstable`. */
    countFinal(runId: string): Map<Outcome | 'unstable', number> {
      return new Map(
        counts.all(runId).map((found) => {
          const outcome = found['unstable'] === 1 ? 'unstable' : (found['outcome'] as Outcome)
          return [outcome, Number(found['n'])] as const
        }),
      )
    },
    /** Every finished document of an output folder, by path. */
    finished: (out: string) => finished.iterate(out) as Iterable<unknown> as Iterable<DocumentRow>,
  }
}

export type Documents = ReturnType<typeof createDocuments>

// The table is STRICT and this file its only writer, so its rows are what they say.
const row = (found: unknown): DocumentRow | undefined => found as DocumentRow | undefined
const rows = (found: unknown): DocumentRow[] => found as DocumentRow[]
const knownRows = (found: unknown): KnownDocument[] => found as KnownDocument[]
