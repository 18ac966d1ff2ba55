import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import type { FailedPage, WarningCode } from '../../../shared/contract/result/page.ts'
import { parseJson, toDocumentError, type RecordedError } from '../document.ts'

/** The end of a page's reading. */
export interface PageState {
  page: number
  outcome: Outcome
  error: RecordedError | null
  worker: string
  warnings: WarningCode[]
}

/** SQL: the row of the page `p` where it is provisional, found by the index. */
export const provisional =
  'SELECT 1 FROM pages v WHERE v.document_id = p.document_id AND v.page = p.page AND v.is_provisional = 1'

/** Outcomes of the pages of documents, without their results. Provisional pages have none. */
export function createPageStates(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const openWithFailures = sql(`
    SELECT d.id FROM documents d WHERE d.run_id = ? AND d.state = 'planned' AND d.state <> 'final'
      AND EXISTS (SELECT 1 FROM pages p WHERE p.document_id = d.id AND p.result IS NULL)`)
  const states = sql(`
    SELECT page, outcome, error_code, error_message, worker,
      (SELECT w.warnings FROM pages w WHERE w.document_id = p.document_id AND w.page = p.page AND w.warnings IS NOT NULL)
        AS warnings
    FROM pages p WHERE document_id = ? AND NOT EXISTS (${provisional}) ORDER BY page`)
  const statesOf = (documentId: string): PageState[] =>
    states.all(documentId).map(
      (row) =>
        ({
          page: row['page'],
          outcome: row['outcome'],
          error: toDocumentError(row),
          worker: row['worker'],
          warnings: parseJson(row['warnings']) ?? [],
        }) as PageState,
    )
  const countOf = sql(
    `SELECT count(*) AS n FROM pages p WHERE document_id = ? AND NOT EXISTS (${provisional})`,
  )
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
