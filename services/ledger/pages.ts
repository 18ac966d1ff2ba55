import type { DatabaseSync } from 'node:sqlite'
import type { PageResult } from '../../shared/contract/result/page.ts'
import { pack } from '../../shared/redis/result-stream.ts'
import type { RecordedError } from './document.ts'
import { dataVersion } from '../../shared/contract/schema/upgrades.ts'
import { createKeptCorrections } from './transitions/corrections/kept-corrections.ts'
import { createRevisions } from './transitions/corrections/revisions.ts'
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
  revisions = createRevisions(database, file),
) {
  const index = isSearchable || hasPageIndex(database) ? createPageIndex(database) : undefined
  let missing: PageOfDocument[] | undefined
  const stored = createPageResults(database, file)
  const sql = (text: string) => database.prepare(text)
  // First success wins, and success beats failure: a page that was read twice is recorded once. A provisional text
  // gives way to a complete reading only.
  const put = sql(`
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, overlap_ms, error_code, error_message, result, data_version, warnings, score, is_reviewed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${dataVersion}, ?, ?, ?)
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, confidence = excluded.confidence, words = excluded.words,
      attempts = excluded.attempts, worker = excluded.worker, busy_ms = excluded.busy_ms,
      overlap_ms = excluded.overlap_ms, error_code = excluded.error_code, error_message = excluded.error_message, result = excluded.result,
      data_version = excluded.data_version, warnings = excluded.warnings, is_provisional = 0,
      score = excluded.score, is_reviewed = excluded.is_reviewed
    WHERE excluded.result IS NOT NULL
      AND (pages.result IS NULL OR pages.is_provisional = 1 AND NOT ${mayReadBetterSql('excluded.warnings')})`)
  const correct = sql(`
    UPDATE pages SET outcome = :outcome, confidence = :confidence, words = :words, result = :result,
      data_version = ${dataVersion}, warnings = :warnings, is_reviewed = 1, is_provisional = 0,
      error_code = NULL, error_message = NULL
    WHERE document_id = :documentId AND page = :page`)
  const corrections = createKeptCorrections(database, revisions)
  const clear = sql('DELETE FROM pages WHERE document_id = ?')
  const clearFailures = sql('DELETE FROM pages WHERE document_id = ? AND result IS NULL')
  const copy = sql(`
    INSERT OR REPLACE INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version, warnings, score, is_reviewed)
    SELECT ?, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version, warnings, score, is_reviewed
    FROM pages WHERE document_id = ?`)
  // Copies of another document's pages are not counted: no worker read them.
  const tally = sql(`
    INSERT INTO tallies VALUES (unixepoch() / 60, 'page', ?, 1) ON CONFLICT DO UPDATE SET count = count + 1`)
  const pageStates = createPageStates(database)
  /** The correction stays where a page of the same file gets no reading of its own. */
  const restore = (documentId: string, page: number): void => {
    const shown = corrections.kept(documentId, page)
    if (shown === undefined) return
    correct.run({ documentId, ...correctedColumns(shown) })
    index?.add(documentId, page, shown.text)
  }
  const { settle, ...provisional } = createProvisionalPages(database)
  return {
    ...stored,
    ...pageStates,
    ...provisional,
    ...createPageFigures(database),
    /** A page that a person corrected keeps that text, if its file is the same; the reading is kept as a revision. */
    putResult(documentId: string, result: PageResult): void {
      const { page, attempts, worker, timings } = result
      const busyMs = timings.openMs + timings.prepareMs + timings.recogniseMs
      const corrected = corrections.onReading(documentId, result)
      const { shown } = corrected
      const { changes } = put.run(
        documentId,
        page,
        shown.outcome,
        shown.confidence,
        countWords(shown),
        attempts,
        worker,
        busyMs,
        timings.overlapMs ?? 0,
        null,
        null,
        pack(shown),
        warningsOf(shown),
        scoreOfPage(shown),
        corrected.isReviewed ? 1 : 0,
      )
      if (changes > 0) {
        index?.add(documentId, page, shown.text)
        tally.run(result.outcome)
        corrected.record()
      }
      settle(documentId, page)
    },
    putFailure(documentId: string, { page, outcome, error, attempts, worker }: PageFailure): void {
      const { code, message } = error
      const values = [outcome, null, 0, attempts, worker, 0, 0, code, message] as const
      const { changes } = put.run(documentId, page, ...values, null, null, null, 0)
      if (changes > 0) {
        tally.run(outcome)
        restore(documentId, page)
      }
      settle(documentId, page)
    },
    /** Gives a read page the text of a person. */
    correct(documentId: string, result: PageResult): void {
      correct.run({ documentId, ...correctedColumns(result) })
      index?.add(documentId, result.page, result.text)
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
      for (const page of revisions.correctedPages(to)) restore(to, page)
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

const correctedColumns = (result: PageResult) => ({
  page: result.page,
  outcome: result.outcome,
  confidence: result.confidence,
  words: countWords(result),
  result: pack(result),
  warnings: warningsOf(result),
})

/** The judge's score, weighted by the lines of each attempt in the text; null where nothing was recognised. */
function scoreOfPage({ readings, textSource, text }: PageResult): number | null {
  const lines = readings.reduce((sum, { linesKept }) => sum + linesKept, 0)
  if (textSource === 'layer' || text.trim() === '' || lines === 0) return null
  const weighted = readings.reduce((sum, { score, linesKept }) => sum + score * linesKept, 0)
  return Math.round((weighted / lines) * 10_000) / 10_000
}

export function countWords({ blocks }: PageResult): number {
  const lines = blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap((paragraph) => paragraph.lines),
  )
  return lines.reduce((sum, { words }) => sum + words.length, 0)
}
