import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../shared/contract/contract.ts'
import type { Unavailable } from '../../shared/contract/messages/progress.ts'
import type { ReportedInput } from '../../shared/contract/messages/worker-report.ts'
import type {
  DocumentPass,
  SeenDocument,
  RecordedError,
  Ending,
  Plan,
  UploadPlan,
} from './document.ts'

/**
 * The document's state machine. Each transition is one statement that names the pass and the states it may start
 * from, and returns whether it happened; every caller looks. The table's CHECKs refuse what no transition should make.
 *
 *     new ──plan──> planned ──setRead──> read ──settle, failOutput──> final
 *                    │  ^ ^               └─planLost─> planned          │
 *                    │  │ └──────────── plan (the next pass) ───────────┘
 *                    │  └─plan─ waiting ──setRead──> read
 *                    ├─waitFor───^  └──fail──> final
 *                    └─fail──> final
 */
export function createTransitions(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const insert = sql(`
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, created_at)
    VALUES (:id, :runId, :path, :stat, :bytes, :fingerprint, :jobId, :pass, 'planned', :now)
    ON CONFLICT (id) DO NOTHING`)
  // The hash of an upload is known before it is read; a file's hash belongs to the reading.
  const planned = `run_id = :runId, stat = :stat, bytes = :bytes, fingerprint = :fingerprint, job_id = :jobId,
    pass = :pass, state = 'planned', outcome = NULL, error_code = NULL, error_message = NULL, duplicate_of = NULL,
    sha256 = CASE is_upload WHEN 1 THEN sha256 END, pages_total = NULL, worker = NULL, outputs = NULL,
    unavailable = NULL, finished_at = NULL, expired_at = NULL`
  const replan = sql(`
    UPDATE documents SET ${planned}
    WHERE id = :id AND pass = :seenPass AND state = :seenState AND state IN ('planned', 'waiting', 'final')`)
  const replanLost = sql(`
    UPDATE documents SET ${planned} WHERE id = :id AND pass = :seenPass AND state = 'read'`)
  // From every state, including read: an upload has no output files that could belong to the earlier pass.
  const replanUpload = sql(`
    UPDATE documents SET ${planned} WHERE id = :id AND pass < :pass AND is_upload = 1`)
  const markUpload = sql(`
    UPDATE documents SET is_upload = 1, sha256 = ?, media_type = ? WHERE id = ? AND pass = ? AND state = 'planned'`)
  const adopt = sql(
    `UPDATE documents SET run_id = ? WHERE id = ? AND pass = ? AND state = 'planned'`,
  )
  const setInput = sql(`
    UPDATE documents SET sha256 = ?, media_type = ?, pages_total = ? WHERE id = ? AND pass = ? AND state = 'planned'`)
  const waitFor = sql(`
    UPDATE documents SET state = 'waiting', duplicate_of = ? WHERE id = ? AND pass = ? AND state = 'planned'`)
  const setRead = sql(`
    UPDATE documents SET state = 'read', outcome = ?, error_code = ?, error_message = ?, worker = ?, duplicate_of = ?,
      finished_at = ? WHERE id = ? AND pass = ? AND state IN ('planned', 'waiting')`)
  // It keeps the time of the reading, which the output files contain, too.
  const settle = sql(`
    UPDATE documents SET state = 'final', outputs = ?, unavailable = ? WHERE id = ? AND pass = ? AND state = 'read'`)
  const rewrite = sql(`
    UPDATE documents SET outputs = ?, unavailable = ? WHERE id = ? AND pass = ? AND state = 'final'`)
  const failed = `state = 'final', outcome = ?, error_code = ?, error_message = ?, outputs = NULL, unavailable = NULL,
    finished_at = ?`
  const fail = sql(`
    UPDATE documents SET ${failed} WHERE id = ? AND pass = ? AND state IN ('planned', 'waiting')`)
  const failOutput = sql(`
    UPDATE documents SET ${failed} WHERE id = ? AND pass = ? AND state IN ('read', 'final')`)
  const expire = sql(`
    UPDATE documents SET expired_at = ? WHERE id = ? AND state = 'final' AND is_upload = 1 AND expired_at IS NULL`)
  const remove = sql(`DELETE FROM documents WHERE id = ? AND state = 'final'`)

  const enter = (next: Plan): boolean =>
    insert.run({ ...columnsOf(next), path: next.path, now: Date.now() }).changes === 1

  return {
    /** new, planned, waiting or final → planned, where the document is unchanged since the planner has `seen` it. */
    plan: (next: Plan, seen?: SeenDocument): boolean =>
      seen === undefined
        ? enter(next)
        : replan.run({ ...columnsOf(next), seenPass: seen.pass, seenState: seen.state }).changes ===
          1,
    /** read → planned: some of its pages are lost, so there is no text to write. */
    planLost: (next: Plan, seen: DocumentPass): boolean =>
      replanLost.run({ ...columnsOf(next), seenPass: seen.pass }).changes === 1,
    /** new, or any state of an earlier pass → planned. */
    planUpload({ sha256, mediaType, ...next }: UploadPlan): boolean {
      const happened = enter(next) || replanUpload.run(columnsOf(next)).changes === 1
      if (happened) markUpload.run(sha256, mediaType, next.id, next.pass)
      return happened
    },
    /** planned → planned, as a document of this run: the run that planned it did not reach it. */
    adopt: ({ id, pass }: DocumentPass, runId: string): boolean =>
      adopt.run(runId, id, pass).changes === 1,
    /** For a planned document: the content that a worker found. */
    setInput: (
      { id, pass }: DocumentPass,
      { sha256, mediaType }: ReportedInput,
      pagesTotal: number | null,
    ): boolean => setInput.run(sha256, mediaType, pagesTotal, id, pass).changes === 1,
    /** planned → waiting, until the document whose content it shares has ended. */
    waitFor: ({ id, pass }: DocumentPass, original: string): boolean =>
      waitFor.run(original, id, pass).changes === 1,
    /** planned or waiting → read: all its pages are in the ledger, its output files come next. */
    setRead(
      { id, pass }: DocumentPass,
      { outcome, error, worker }: Ending,
      duplicateOf: string | null,
    ): boolean {
      const { code = null, message = null } = error ?? {}
      return setRead.run(outcome, code, message, worker, duplicateOf, now(), id, pass).changes === 1
    },
    /** read → final: `outputs` were written, `unavailable` formats were not. */
    settle: (
      { id, pass }: DocumentPass,
      outputs: Record<string, string>,
      unavailable: readonly Unavailable[] = [],
    ): boolean =>
      settle.run(JSON.stringify(outputs), toColumn(unavailable), id, pass).changes === 1,
    /** final → final: its output files were written again. */
    rewrite: (
      { id, pass }: DocumentPass,
      outputs: Record<string, string>,
      unavailable: readonly Unavailable[],
    ): boolean =>
      rewrite.run(JSON.stringify(outputs), toColumn(unavailable), id, pass).changes === 1,
    /** planned or waiting → final, without text. */
    fail: ({ id, pass }: DocumentPass, outcome: Outcome, error: RecordedError): boolean =>
      fail.run(outcome, error.code, error.message, now(), id, pass).changes === 1,
    /** read or final → final: there is a text, and no place to write it to. */
    failOutput: ({ id, pass }: DocumentPass, error: RecordedError): boolean =>
      failOutput.run('failed', error.code, error.message, now(), id, pass).changes === 1,
    /** For a final upload: its pages and its input are deleted. */
    expire: (id: string): boolean => expire.run(now(), id).changes === 1,
    /** final → gone. */
    remove: (id: string): boolean => remove.run(id).changes === 1,
  }
}

const toColumn = (unavailable: readonly Unavailable[]): string | null =>
  unavailable.length === 0 ? null : JSON.stringify(unavailable)

const now = (): string => new Date().toISOString()

// Listed one by one: SQLite rejects a parameter that the statement does not name.
const columnsOf = ({ id, runId, stat, bytes, fingerprint, jobId, pass }: Plan) => ({
  id,
  runId,
  stat,
  bytes,
  fingerprint,
  jobId,
  pass,
})
