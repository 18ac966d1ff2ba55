import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import type { FailedPage } from '../../../shared/contract/result/page.ts'
import { toDocumentError, type RecordedError } from '../document.ts'

/** The end of a page's reading. */
export interface PageState {
  page: number
  outcome: Outcome
  error: RecordedError | null
  worker: string
}

/** Outcomes of the pages of documents, without their results. */
export function createPageStates(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const openWithFailures = sql(`
    SELECT d.id FROM documents d WHERE d.run_id = ? AND d.state = 'planned' AND d.state <> 'final'
      AND EXISTS (SELECT 1 FROM pages p WHERE p.document_id = d.id AND p.result IS NULL)`)
  const states = sql(`
    SELECT page, outcome, error_code, error_message, worker FROM pages WHERE document_id = ? ORDER BY page`)
  const statesOf = (documentId: string): PageState[] =>
    states.all(documentId).map(
      (row) =>
        ({
          page: row['page'],
          outcome: row['outcome'],
          error: toDocumentError(row),
          worker: row['worker'],
        }) as PageState,
    )
  const countOf = sql('SELECT count(*) AS n FROM pages WHERE document_id = ?')
  return {
    /** Planned documents of a run with an unreadable page. */
    openWithFailures: (runId: string) =>
      openWithFailures.all(runId).map((found) => String(found['id'])),
    /** Number of pages that have been read, or failed. */
    countOf: (documentId: string): number => Number(countOf.get(documentId)?.['n'] ?? 0),
    states: statesOf,
    /** The failed pages, and the reasons. */
    failures: (documentId: string): FailedPage[] =>
      statesOf(documentId).flatMap(({ page, outcome, error }) =>
        error === null ? [] : [{ page, outcome, error }],
      ),
  }
}
