import type { DatabaseSync } from 'node:sqlite'
import type { Format, Outcome } from '../../../shared/contract.ts'
import type { Input, Unavailable } from '../../../shared/messages.ts'

export type DocumentState = 'planned' | 'waiting' | 'read' | 'final'

/**
 * A document's row. `outputs` is JSON: the SHA-256 of each file that was written, by format. `unavailable` is, too: the
 * formats that it could not be written in; NULL where there are none.
 */
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
  unavailable: string | null
  finished_at: string | null
  /** 1 where its bytes lie in the spool, under `sha256`; `path` is what the client called it then. */
  is_upload: 0 | 1
  /** Milliseconds since 1970. */
  created_at: number
  expired_at: string | null
}

export type Plan = Pick<
  DocumentRow,
  'id' | 'run_id' | 'path' | 'stat' | 'bytes' | 'fingerprint' | 'job_id' | 'pass'
>

/** An upload's plan: what it holds is known before it is read. */
export type UploadPlan = Plan & { sha256: string; media_type: string }

/** What tells a planner whether a document is to be read. */
export type KnownDocument = Omit<
  DocumentRow,
  | 'bytes'
  | 'media_type'
  | 'duplicate_of'
  | 'pages_total'
  | 'worker'
  | 'unavailable'
  | 'finished_at'
  | 'is_upload'
  | 'created_at'
  | 'expired_at'
>

/** The SHA-256 of each file that this very reading of a document was written as, by format; a new one has written none. */
export const writtenOutputs = ({
  outputs,
}: Pick<DocumentRow, 'outputs'>): Partial<Record<Format, string>> =>
  outputs === null ? {} : JSON.parse(outputs)

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
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, created_at)
    VALUES (:id, :run_id, :path, :stat, :bytes, :fingerprint, :job_id, :pass, 'planned', :now)
    ON CONFLICT (id) DO UPDATE SET run_id = :run_id, stat = :stat, bytes = :bytes, fingerprint = :fingerprint,
      job_id = :job_id, pass = :pass, state = 'planned', outcome = NULL, error_code = NULL, error_message = NULL,
      duplicate_of = NULL, pages_total = NULL, worker = NULL, outputs = NULL, unavailable = NULL,
      finished_at = NULL, expired_at = NULL`)
  const markUpload = sql(
    'UPDATE documents SET is_upload = 1, sha256 = ?, media_type = ? WHERE id = ?',
  )
  const adopt = sql('UPDATE documents SET run_id = ? WHERE id = ?')
  const input = sql('UPDATE documents SET sha256 = ?, media_type = ?, pages_total = ? WHERE id = ?')
  const wait = sql(`UPDATE documents SET state = 'waiting', duplicate_of = ? WHERE id = ?`)
  const resume = sql(`
    UPDATE documents SET state = 'planned', duplicate_of = NULL WHERE id = ? AND state = 'waiting'`)
  const read = sql(`
    UPDATE documents SET state = 'read', outcome = ?, error_code = ?, error_message = ?, worker = ?,
      duplicate_of = ?, finished_at = ? WHERE id = ?`)
  // Its time stays that of the reading: the output files tell it too.
  const settle = sql(
    `UPDATE documents SET state = 'final', outputs = ?, unavailable = ? WHERE id = ?`,
  )
  const fail = sql(`
    UPDATE documents SET state = 'final', outcome = ?, error_code = ?, error_message = ?, outputs = NULL,
      unavailable = NULL, finished_at = ? WHERE id = ?`)
  const byContent = sql(`
    SELECT * FROM documents WHERE sha256 = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND state IN ('read', 'final') AND expired_at IS NULL AND id <> ? LIMIT 1`)
  const sameSize = sql(`
    SELECT 1 FROM documents WHERE bytes = ? AND fingerprint = ? AND outcome IN ('succeeded', 'empty')
      AND id <> ? LIMIT 1`)
  const waiting = sql(`SELECT * FROM documents WHERE state = 'waiting' AND duplicate_of = ?`)
  const jobsIn = sql('SELECT job_id FROM documents WHERE run_id = ? AND state = ?')
  const openIn = sql(`
    SELECT id FROM documents WHERE run_id = ? AND state IN ('planned', 'waiting') AND state <> 'final'`)
  const idsInState = sql('SELECT id FROM documents WHERE run_id = ? AND state = ?')
  const unpublished = sql(
    // The second condition is what lets SQLite use the index of open documents.
    `SELECT id FROM documents WHERE state = 'read' AND state <> 'final'`,
  )
  const openUploads = sql(`
    SELECT id FROM documents WHERE state = 'planned' AND state <> 'final' AND is_upload = 1`)
  const failedIn = sql(`
    SELECT * FROM documents WHERE run_id = ? AND state = 'final'
      AND outcome IN ('partial', 'rejected', 'timeout', 'engine_crash', 'failed', 'cancelled')`)
  const keptSince = sql(`
    SELECT * FROM documents WHERE is_upload = 1 AND expired_at IS NULL AND state = 'final' AND finished_at < ?
    ORDER BY finished_at LIMIT ?`)
  const expire = sql('UPDATE documents SET expired_at = ? WHERE id = ?')
  const remove = sql('DELETE FROM documents WHERE id = ?')
  const spooled = sql(
    'SELECT 1 FROM documents WHERE sha256 = ? AND is_upload = 1 AND expired_at IS NULL LIMIT 1',
  )
  const open = sql(`SELECT count(*) AS n FROM documents WHERE run_id = ? AND state <> 'final'`)
  const incomplete = sql(
    'SELECT count(*) AS n FROM documents WHERE run_id = ? AND unavailable IS NOT NULL',
  )
  const counts = sql(`
    SELECT outcome, error_code = 'unstable' AS unstable, count(*) AS n FROM documents
    WHERE run_id = ? AND state = 'final' GROUP BY 1, 2`)
  const finished = sql(`
    SELECT d.* FROM documents d JOIN runs r ON r.id = d.run_id
    WHERE r.out = ? AND d.state = 'final' ORDER BY d.path`)
  // Its columns one by one: SQLite refuses a parameter that it was not told of.
  const enter = ({ id, run_id, path, stat, bytes, fingerprint, job_id, pass }: Plan): void => {
    plan.run({ id, run_id, path, stat, bytes, fingerprint, job_id, pass, now: Date.now() })
  }
  return {
    get: (id: string) => row(byId.get(id)),
    /** What a planner needs of these documents, by id; those that the ledger does not know are left out. */
    getMany: (ids: readonly string[]) =>
      new Map(knownRows(manyById.all(JSON.stringify(ids))).map((known) => [known.id, known])),
    plan: enter,
    planUpload({ sha256, media_type, ...next }: UploadPlan): void {
      enter(next)
      markUpload.run(sha256, media_type, next.id)
    },
    /** Takes over a document that another run planned and did not get to. */
    adopt: (id: string, runId: string) => adopt.run(runId, id),
    setInput(id: string, { sha256, mediaType }: Input, pagesTotal: number | null): void {
      input.run(sha256, mediaType, pagesTotal, id)
    },
    /** Leaves a document until the one whose content it shares has ended. */
    waitFor: (id: string, original: string) => wait.run(original, id),
    /** Waits no longer for another document. */
    resume: (id: string) => resume.run(id),
    /** All of a document is known; its output files come next. */
    setRead(id: string, { outcome, error, worker }: Ending, duplicateOf: string | null): void {
      const finishedAt = new Date().toISOString()
      const { code = null, message = null } = error ?? {}
      read.run(outcome, code, message, worker, duplicateOf, finishedAt, id)
    },
    /** It is final: `outputs` were written, and what is `unavailable` was not. */
    settle(
      id: string,
      outputs: Record<string, string>,
      unavailable: readonly Unavailable[] = [],
    ): void {
      const missing = unavailable.length === 0 ? null : JSON.stringify(unavailable)
      settle.run(JSON.stringify(outputs), missing, id)
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
    idsInState: (runId: string, state: DocumentState) =>
      idsInState.all(runId, state).map((found) => String(found['id'])),
    jobsIn: (runId: string, state: DocumentState) =>
      jobsIn.all(runId, state).map((found) => String(found['job_id'])),
    openIn: (runId: string) => openIn.all(runId).map((found) => String(found['id'])),
    unpublished: () => unpublished.all().map((found) => String(found['id'])),
    /** Uploads that are still to be read. */
    openUploads: () => openUploads.all().map((found) => String(found['id'])),
    failedIn: (runId: string) => rows(failedIn.all(runId)),
    /** Uploads that ended before `time` (ISO 8601) and are still kept. */
    keptSince: (time: string, limit: number) => rows(keptSince.all(time, limit)),
    expire(id: string): void {
      expire.run(new Date().toISOString(), id)
    },
    remove: (id: string) => remove.run(id),
    /** Whether the bytes with this hash must stay in the spool. */
    isSpooled: (sha256: string) => spooled.get(sha256) !== undefined,
    countOpen: (runId: string) => Number(open.get(runId)?.['n']),
    countUnavailable: (runId: string) => Number(incomplete.get(runId)?.['n']),
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
