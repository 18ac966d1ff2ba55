import type { DatabaseSync } from 'node:sqlite'
import type { PageResult } from '../../shared/contract/result/page.ts'
import { pack } from '../../shared/redis/result-stream.ts'
import type { RecordedError } from './document.ts'
import { dataVersion } from '../../shared/contract/schema/upgrades.ts'
import { createPageFigures } from './queries/page-figures.ts'
import { createPageResults } from './queries/page-results.ts'
import { createPageStates } from './queries/page-states.ts'
import { createProvisionalPages, mayReadBetterSql } from './transitions/provisional-pages.ts'
import { createPageIndex, hasPageIndex, type PageOfDocument } from './queries/search/page-index.ts'

/** Why a page could not be read. */
interface PageFailure {
  page: number
  outcome: string
  error: RecordedError
  attempts: number
  worker: string
}

/**
 * `isSearchable` maintains a full-text index; otherwise none is begun, because it costs 0.2 ms a page. `file` names the
 * ledger in errors.
 */
export function createPages(
  database: DatabaseSync,
  { isSearchable = false, file = 'the ledger' } = {},
) {
  const index = isSearchable || hasPageIndex(database) ? createPageIndex(database) : undefined
  let missing: PageOfDocument[] | undefined
  const stored = createPageResults(database, file)
  const sql = (text: string) => database.prepare(text)
  // First success wins, and success beats failure: a page that was read twice is recorded once. A provisional text
  // gives way to a complete reading only.
  const put = sql(`
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, overlap_ms, error_code, error_message, result, data_version, warnings)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${dataVersion}, ?)
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, confidence = excluded.confidence, words = excluded.words,
      attempts = excluded.attempts, worker = excluded.worker, busy_ms = excluded.busy_ms,
      overlap_ms = excluded.overlap_ms, error_code = excluded.error_code, error_message = excluded.error_message, result = excluded.result,
      data_version = excluded.data_version, warnings = excluded.warnings, is_provisional = 0
    WHERE excluded.result IS NOT NULL
      AND (pages.result IS NULL OR pages.is_provisional = 1 AND NOT ${mayReadBetterSql('excluded.warnings')})`)
  const clear = sql('DELETE FROM pages WHERE document_id = ?')
  const clearFailures = sql('DELETE FROM pages WHERE document_id = ? AND result IS NULL')
  const copy = sql(`
    INSERT OR REPLACE INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version, warnings)
    SELECT ?, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version, warnings
    FROM pages WHERE document_id = ?`)
  // Copies of another document's pages are not counted: no worker read them.
  const tally = sql(`
    INSERT INTO tallies VALUES (unixepoch() / 60, 'page', ?, 1) ON CONFLICT DO UPDATE SET count = count + 1`)
  const pageStates = createPageStates(database)
  const { settle, ...provisional } = createProvisionalPages(database)
  return {
    ...stored,
    ...pageStates,
    ...provisional,
    ...createPageFigures(database),
    putResult(documentId: string, result: PageResult): void {
      const { page, outcome, confidence, attempts, worker, timings } = result
      const busyMs = timings.openMs + timings.prepareMs + timings.recogniseMs
      const words = countWords(result)
      const { changes } = put.run(
        documentId,
        page,
        outcome,
        confidence,
        words,
        attempts,
        worker,
        busyMs,
        timings.overlapMs ?? 0,
        null,
        null,
        pack(result),
        warningsOf(result),
      )
      if (changes > 0) {
        index?.add(documentId, page, result.text)
        tally.run(outcome)
      }
      settle(documentId, page)
    },
    putFailure(documentId: string, { page, outcome, error, attempts, worker }: PageFailure): void {
      const { code, message } = error
      const values = [outcome, null, 0, attempts, worker, 0, 0, code, message, null, null] as const
      if (put.run(documentId, page, ...values).changes > 0) tally.run(outcome)
      settle(documentId, page)
    },
    clear(documentId: string): void {
      index?.remove(documentId)
      clear.run(documentId)
    },
    /** Deletes pages that were not read; read ones stay. */
    clearFailures: (documentId: string) => void clearFailures.run(documentId),
    /** Copies the pages of another document with the same bytes. */
    copy(from: string, to: string): void {
      index?.remove(to)
      copy.run(to, from)
      if (index === undefined) return
      for (const { page } of pageStates.states(to)) {
        const result = stored.readable(to, page)
        if (result !== undefined) index.add(to, page, result.text)
      }
    },
    /** Up to `limit` of the pages that were read while the ledger was not searchable: `indexMissing` takes them first. */
    missing(limit: number): PageOfDocument[] {
      missing ??= index?.missing() ?? []
      return missing.slice(-limit).toReversed()
    },
    /**
     * Indexes up to `limit` of the pages that were read while the ledger was not searchable; the caller wraps it in a
     * transaction and repeats it until it returns false. Calls `begin` before each page, which returns false to skip
     * the words of a page.
     */
    indexMissing(
      limit: number,
      begin: (documentId: string, page: number) => boolean = () => true,
    ): boolean {
      missing ??= index?.missing() ?? []
      for (const { documentId, page } of missing.splice(-limit).toReversed()) {
        const isWanted = begin(documentId, page)
        const result = isWanted ? stored.readable(documentId, page) : undefined
        if (result !== undefined || !isWanted) index?.add(documentId, page, result?.text ?? '')
      }
      return missing.length > 0
    },
  }
}

function warningsOf({ warnings = [] }: PageResult): string | null {
  const codes = new Set(warnings.map(({ code }) => code))
  return codes.size === 0 ? null : JSON.stringify([...codes])
}

export function countWords({ blocks }: PageResult): number {
  const lines = blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap((paragraph) => paragraph.lines),
  )
  return lines.reduce((sum, { words }) => sum + words.length, 0)
}
