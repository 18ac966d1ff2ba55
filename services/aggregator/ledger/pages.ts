import type { DatabaseSync } from 'node:sqlite'
import type { FailedPage, Outcome, PageResult } from '../../../shared/contract.ts'
import { pack, unpack } from '../../../shared/results.ts'
import { pageSchema } from '../../../shared/contract.ts'
import { createParser } from '../../../shared/messages.ts'
import type { PagesSummary } from '../document-event.ts'
import { createPageIndex, hasPageIndex } from './page-index.ts'

/** How a page that could not be read ended. */
export interface PageFailure {
  page: number
  outcome: string
  error: { code: string; message: string }
  attempts: number
  worker: string
}

/** How a page ended. */
export interface PageState {
  page: number
  outcome: Outcome
  error_code: string | null
  error_message: string | null
  worker: string
}

/** A page as one line of a report. */
export interface PageLine {
  path: string
  page: number
  ms: number
  confidence: number
}

const parsePage = createParser("a page of the ledger's", pageSchema)

/** `isSearchable` keeps the texts in an index; without it none is begun, because it costs 0.2 ms a page. */
export function createPages(database: DatabaseSync, { isSearchable = false } = {}) {
  const index = isSearchable || hasPageIndex(database) ? createPageIndex(database) : undefined
  let missing: { document_id: string; page: number }[] | undefined
  const sql = (text: string) => database.prepare(text)
  // First success wins, and success beats failure: a page that was read twice is recorded once.
  const put = sql(`
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, confidence = excluded.confidence, words = excluded.words,
      attempts = excluded.attempts, worker = excluded.worker, busy_ms = excluded.busy_ms,
      error_code = excluded.error_code, error_message = excluded.error_message, result = excluded.result
    WHERE pages.result IS NULL AND excluded.result IS NOT NULL`)
  const clear = sql('DELETE FROM pages WHERE document_id = ?')
  const clearFailures = sql('DELETE FROM pages WHERE document_id = ? AND result IS NULL')
  const copy = sql(`
    INSERT OR REPLACE INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result)
    SELECT ?, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result
    FROM pages WHERE document_id = ?`)
  const states = sql(`
    SELECT page, outcome, error_code, error_message, worker FROM pages WHERE document_id = ? ORDER BY page`)
  const statesOf = (documentId: string) => states.all(documentId) as unknown as PageState[]
  const results = sql(
    'SELECT result FROM pages WHERE document_id = ? AND result IS NOT NULL ORDER BY page',
  )
  const oneResult = sql(
    'SELECT result FROM pages WHERE document_id = ? AND page = ? AND result IS NOT NULL',
  )
  const resultsOf = (documentId: string): PageResult[] =>
    results.all(documentId).map((row) => toPage(row['result']))
  const resultOf = (documentId: string, page: number): PageResult | undefined => {
    const row = oneResult.get(documentId, page)
    return row && toPage(row['result'])
  }
  const countOf = sql('SELECT count(*) AS n FROM pages WHERE document_id = ?')
  const summary = sql(`
    SELECT count(*) AS pages, avg(confidence) AS confidence, coalesce(sum(busy_ms), 0) AS ms,
      coalesce(sum(attempts), 0) AS attempts FROM pages
    WHERE document_id = ? AND result IS NOT NULL`)
  const ofRun = `FROM pages p JOIN documents d ON d.id = p.document_id
    WHERE d.run_id = ? AND d.state = 'final' AND d.duplicate_of IS NULL AND p.result IS NOT NULL`
  const count = sql(`SELECT count(*) AS n ${ofRun}`)
  const times = sql(`SELECT p.busy_ms AS ms ${ofRun} ORDER BY p.busy_ms LIMIT 1 OFFSET ?`)
  const line = `SELECT d.path, p.page, p.busy_ms AS ms, p.confidence ${ofRun}`
  const slowest = sql(`${line} ORDER BY p.busy_ms DESC LIMIT ?`)
  const leastConfident = sql(`${line} AND p.outcome = 'succeeded' ORDER BY p.confidence LIMIT ?`)
  const shares = sql(`
    SELECT p.worker, count(*) AS pages, sum(p.busy_ms) AS ms ${ofRun} GROUP BY p.worker ORDER BY p.worker`)
  return {
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
        null,
        null,
        pack(result),
      )
      if (changes > 0) index?.add(documentId, page, result.text)
    },
    putFailure(documentId: string, { page, outcome, error, attempts, worker }: PageFailure): void {
      const { code, message } = error
      put.run(documentId, page, outcome, null, 0, attempts, worker, 0, code, message, null)
    },
    clear(documentId: string): void {
      index?.remove(documentId)
      clear.run(documentId)
    },
    /** Forgets pages that were not read; those that were stay. */
    clearFailures: (documentId: string) => void clearFailures.run(documentId),
    /** Gives a document the pages of the one whose bytes it shares. */
    copy(from: string, to: string): void {
      index?.remove(to)
      copy.run(to, from)
      if (index === undefined) return
      for (const { page, text } of resultsOf(to)) index.add(to, page, text)
    },
    /**
     * Indexes up to `limit` of the pages that were read while the ledger was not searchable; the caller wraps it in a
     * transaction and calls again until there is nothing left: false.
     */
    indexMissing(limit: number): boolean {
      missing ??= index?.missing() ?? []
      for (const { document_id: documentId, page } of missing.splice(-limit)) {
        const result = resultOf(documentId, page)
        if (result !== undefined) index?.add(documentId, page, result.text)
      }
      return missing.length > 0
    },
    /** How many pages have been read, or could not be. */
    countOf: (documentId: string): number => Number(countOf.get(documentId)?.['n'] ?? 0),
    states: statesOf,
    /** The pages that could not be read, and why. */
    failures: (documentId: string): FailedPage[] =>
      statesOf(documentId).flatMap(({ page, outcome, error_code: code, error_message: message }) =>
        code === null ? [] : [{ page, outcome, error: { code, message: message ?? '' } }],
      ),
    results: resultsOf,
    /** One page, where it was read. */
    result: resultOf,
    /** How many pages of a document were read, how well, and for how long. */
    summary: (documentId: string) => summary.get(documentId) as unknown as PagesSummary,
    count: (runId: string) => Number(count.get(runId)?.['n']),
    /** The time that the given share of a run's pages stayed below, milliseconds; 0 without pages. */
    percentile(runId: string, share: number): number {
      const n = Number(count.get(runId)?.['n'])
      const offset = Math.max(0, Math.ceil(n * share) - 1)
      return Number(times.get(runId, offset)?.['ms'] ?? 0)
    },
    slowest: (runId: string, limit: number) => slowest.all(runId, limit) as unknown as PageLine[],
    leastConfident: (runId: string, limit: number) =>
      leastConfident.all(runId, limit) as unknown as PageLine[],
    /** Pages and busy milliseconds of each worker. */
    shares: (runId: string) =>
      shares.all(runId) as unknown as { worker: string; pages: number; ms: number }[],
  }
}

const toPage = (result: unknown): PageResult => parsePage(unpack(result as Uint8Array))

export function countWords({ blocks }: PageResult): number {
  const lines = blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap((paragraph) => paragraph.lines),
  )
  return lines.reduce((sum, { words }) => sum + words.length, 0)
}
