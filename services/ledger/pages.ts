import type { DatabaseSync } from 'node:sqlite'
import type { FailedPage, Outcome, PageResult } from '../../shared/contract/contract.ts'
import { pack, unpack } from '../../shared/redis/result-stream.ts'
import { pageSchema } from '../../shared/contract/contract.ts'
import { ScriptoriumError, toError } from '../../shared/process/errors.ts'
import { createParser, requireKnownVersion } from '../../shared/contract/messages/parser.ts'
import { toDocumentError, type RecordedError } from './document.ts'
import { dataVersion, upgradePage } from '../../shared/contract/schema/upgrades.ts'
import { createPageIndex, hasPageIndex, type PageOfDocument } from './queries/page-index.ts'

/** Totals of a document's pages. */
export interface PagesSummary {
  pages: number
  confidence: number | null
  ms: number
  /** Number of all their readings. */
  attempts: number
}

/** Why a page could not be read. */
export interface PageFailure {
  page: number
  outcome: string
  error: RecordedError
  attempts: number
  worker: string
}

/** How a page ended. */
export interface PageState {
  page: number
  outcome: Outcome
  error: RecordedError | null
  worker: string
}

/** A worker's share of a run; `lately` and `ms` cover a part of it. */
interface WorkerShare {
  worker: string
  pages: number
  lately: number
  ms: number
}

/** A page as one line of a report. */
export interface PageLine {
  path: string
  page: number
  ms: number
  confidence: number
}

const parsePage = createParser("a page of the ledger's", pageSchema, upgradePage)

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
  const sql = (text: string) => database.prepare(text)
  // First success wins, and success beats failure: a page that was read twice is recorded once.
  const put = sql(`
    INSERT INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, overlap_ms, error_code, error_message, result, data_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${dataVersion})
    ON CONFLICT DO UPDATE SET outcome = excluded.outcome, confidence = excluded.confidence, words = excluded.words,
      attempts = excluded.attempts, worker = excluded.worker, busy_ms = excluded.busy_ms,
      overlap_ms = excluded.overlap_ms, error_code = excluded.error_code, error_message = excluded.error_message, result = excluded.result,
      data_version = excluded.data_version
    WHERE pages.result IS NULL AND excluded.result IS NOT NULL`)
  const clear = sql('DELETE FROM pages WHERE document_id = ?')
  const clearFailures = sql('DELETE FROM pages WHERE document_id = ? AND result IS NULL')
  const openWithFailures = sql(`
    SELECT d.id FROM documents d WHERE d.run_id = ? AND d.state = 'planned' AND d.state <> 'final'
      AND EXISTS (SELECT 1 FROM pages p WHERE p.document_id = d.id AND p.result IS NULL)`)
  const copy = sql(`
    INSERT OR REPLACE INTO pages (document_id, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version)
    SELECT ?, page, outcome, confidence, words, attempts, worker, busy_ms, error_code, error_message, result, data_version
    FROM pages WHERE document_id = ?`)
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
  const stored = 'SELECT document_id, page, data_version, result FROM pages'
  const results = sql(`${stored} WHERE document_id = ? AND result IS NOT NULL ORDER BY page`)
  const oneResult = sql(`${stored} WHERE document_id = ? AND page = ? AND result IS NOT NULL`)
  const resultsOf = (documentId: string): PageResult[] =>
    results.all(documentId).map((row) => toPage(row, file))
  const resultOf = (documentId: string, page: number): PageResult | undefined => {
    const row = oneResult.get(documentId, page)
    return row && toPage(row, file)
  }
  /** For passes over many pages: a direct request for this one gives the error. */
  const readableOf = (documentId: string, page: number): PageResult | undefined => {
    try {
      return resultOf(documentId, page)
    } catch (thrown) {
      if (thrown instanceof ScriptoriumError) return undefined
      throw thrown
    }
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
    SELECT p.worker, count(*) AS pages, count(*) FILTER (WHERE d.finished_at >= :since) AS lately,
      coalesce(sum(p.busy_ms - p.overlap_ms) FILTER (WHERE d.finished_at >= :since), 0) AS ms
    ${ofRun.replace('?', ':run')} GROUP BY p.worker ORDER BY p.worker`)
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
        timings.overlapMs ?? 0,
        null,
        null,
        pack(result),
      )
      if (changes > 0) index?.add(documentId, page, result.text)
    },
    putFailure(documentId: string, { page, outcome, error, attempts, worker }: PageFailure): void {
      const { code, message } = error
      put.run(documentId, page, outcome, null, 0, attempts, worker, 0, 0, code, message, null)
    },
    clear(documentId: string): void {
      index?.remove(documentId)
      clear.run(documentId)
    },
    /** Planned documents of a run with an unreadable page. */
    openWithFailures: (runId: string) =>
      openWithFailures.all(runId).map((found) => String(found['id'])),
    /** Deletes pages that were not read; read ones stay. */
    clearFailures: (documentId: string) => void clearFailures.run(documentId),
    /** Copies the pages of another document with the same bytes. */
    copy(from: string, to: string): void {
      index?.remove(to)
      copy.run(to, from)
      if (index === undefined) return
      for (const { page } of statesOf(to)) {
        const result = readableOf(to, page)
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
        const result = isWanted ? readableOf(documentId, page) : undefined
        if (result !== undefined || !isWanted) index?.add(documentId, page, result?.text ?? '')
      }
      return missing.length > 0
    },
    /** Number of pages that have been read, or failed. */
    countOf: (documentId: string): number => Number(countOf.get(documentId)?.['n'] ?? 0),
    states: statesOf,
    /** The failed pages, and the reasons. */
    failures: (documentId: string): FailedPage[] =>
      statesOf(documentId).flatMap(({ page, outcome, error }) =>
        error === null ? [] : [{ page, outcome, error }],
      ),
    results: resultsOf,
    /** One page, where it was read. Throws `newer_version` or `damaged_record`. */
    result: resultOf,
    /** The same, where this version can parse it. */
    readable: readableOf,
    /** Number, quality and time of a document's read pages. */
    summary: (documentId: string) => summary.get(documentId) as unknown as PagesSummary,
    count: (runId: string) => Number(count.get(runId)?.['n']),
    /** Percentile of the time per page of a run, milliseconds; 0 without pages. */
    percentile(runId: string, share: number): number {
      const n = Number(count.get(runId)?.['n'])
      const offset = Math.max(0, Math.ceil(n * share) - 1)
      return Number(times.get(runId, offset)?.['ms'] ?? 0)
    },
    slowest: (runId: string, limit: number) => slowest.all(runId, limit) as unknown as PageLine[],
    leastConfident: (runId: string, limit: number) =>
      leastConfident.all(runId, limit) as unknown as PageLine[],
    /**
     * Pages of each worker; and for documents that ended at `since` or later, pages and the milliseconds that they kept
     * the worker busy: parallel work counts once.
     */
    shares: (run: string, since: string) => shares.all({ run, since }) as unknown as WorkerShare[],
  }
}

/** Throws `newer_version` or `damaged_record`. */
function toPage(row: Record<string, unknown>, file: string): PageResult {
  const what = `page ${String(row['page'])} of document ${String(row['document_id'])} in ${file}`
  requireKnownVersion(what, row['data_version'])
  try {
    return parsePage(unpack(row['result'] as Uint8Array))
  } catch (thrown) {
    const cure = 'read its document again, or restore the ledger from a backup'
    throw new ScriptoriumError(
      'damaged_record',
      `${what} is damaged (${toError(thrown).message}); ${cure}`,
      {
        cause: thrown,
      },
    )
  }
}

export function countWords({ blocks }: PageResult): number {
  const lines = blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap((paragraph) => paragraph.lines),
  )
  return lines.reduce((sum, { words }) => sum + words.length, 0)
}
