import type { DatabaseSync } from 'node:sqlite'
import type { DocumentPass, Plan, SeenDocument, UploadPlan } from '../document.ts'

/** Transitions to `planned`: a new document, or the next pass of one that the ledger knows. */
export function createPlanning(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const insert = sql(`
    INSERT INTO documents (id, run_id, path, stat, bytes, fingerprint, job_id, pass, state, created_at)
    VALUES (:id, :runId, :path, :stat, :bytes, :fingerprint, :jobId, :pass, 'planned', :now)
    ON CONFLICT (id) DO NOTHING`)
  // The hash of an upload is known before it is read; a file's hash belongs to the reading.
  const planned = `run_id = :runId, stat = :stat, bytes = :bytes, fingerprint = :fingerprint, job_id = :jobId,
    pass = :pass, state = 'planned', outcome = NULL, error_code = NULL, error_message = NULL, duplicate_of = NULL,
    sha256 = CASE is_upload WHEN 1 THEN sha256 END, pages_total = NULL, worker = NULL, outputs = NULL,
    unavailable = NULL, warnings = NULL, confidence = NULL, finished_at = NULL, expired_at = NULL`
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
  }
}

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
