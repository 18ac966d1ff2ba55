import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import type { ReportedInput } from '../../../shared/contract/messages/worker-report.ts'
import type { DocumentPass, Ending, RecordedError } from '../document.ts'
import { createPlanning } from './planning.ts'

/**
 * The document's state machine. Each transition is a statement that names the states it may start from, and the pass
 * where a later one may have begun. It returns whether it happened; a caller with follow-up work checks that. CHECKs of
 * the table reject rows that no transition makes.
 *
 *     new ──plan──> planned ──setRead──> read ──settle, failOutput──> final ──remove──> gone
 *                    │  ^ ^               └─planLost─> planned          │
 *                    │  │ └──────────── plan (the next pass) ───────────┘
 *                    │  └─plan─ waiting ──setRead──> read
 *                    ├─waitFor───^  └──fail──> final
 *                    └─fail──> final
 *
 * `planUpload` plans an upload from any state of an earlier pass. `adopt`, `setInput`, `rewrite`, `summarise` and `expire` keep the
 * state; `failOutput` also ends a final document whose files cannot be written again.
 */
export function createDocumentTransitions(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const setInput = sql(`
    UPDATE documents SET sha256 = ?, media_type = ?, pages_total = ? WHERE id = ? AND pass = ? AND state = 'planned'`)
  const waitFor = sql(`
    UPDATE documents SET state = 'waiting', duplicate_of = ? WHERE id = ? AND pass = ? AND state = 'planned'`)
  const ofPages = `warnings = (
      SELECT nullif(json_group_array(DISTINCT code.value), '[]') FROM pages p, json_each(p.warnings) code
      WHERE p.document_id = documents.id AND p.warnings IS NOT NULL),
    confidence = (
      SELECT round(sum(p.confidence * p.words) / nullif(sum(p.words), 0), 2) FROM pages p
      WHERE p.document_id = documents.id AND p.result IS NOT NULL)`
  const setRead = sql(`
    UPDATE documents SET state = 'read', outcome = ?, error_code = ?, error_message = ?, worker = ?, duplicate_of = ?,
      finished_at = ?, ${ofPages}
    WHERE id = ? AND pass = ? AND state IN ('planned', 'waiting')`)
  const summarise = sql(`UPDATE documents SET ${ofPages} WHERE id = ? AND state = 'final'`)
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

  return {
    ...createPlanning(database),
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
    /** final → final: the text of a page was corrected. */
    summarise: (id: string): boolean => summarise.run(id).changes === 1,
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
