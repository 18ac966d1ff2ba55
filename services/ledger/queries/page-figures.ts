import type { DatabaseSync } from 'node:sqlite'
import { provisional } from './page-states.ts'

/** Totals of a document's pages. */
export interface PagesSummary {
  pages: number
  /** Mean over the words, so that blank pages do not count; null without words. */
  confidence: number | null
  ms: number
  /** Number of all their readings. */
  attempts: number
}

/** A worker's share of a run; `lately` and `ms` cover a part of it. */
interface WorkerShare {
  worker: string
  pages: number
  lately: number
  ms: number
}

/** A page as one line of a report. */
interface PageLine {
  path: string
  page: number
  ms: number
  confidence: number
}

/** Number, quality and duration of the pages of a document or a run. */
export function createPageFigures(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const summary = sql(`
    SELECT count(*) AS pages, round(sum(confidence * words) / nullif(sum(words), 0), 2) AS confidence, coalesce(sum(busy_ms), 0) AS ms,
      coalesce(sum(attempts), 0) AS attempts FROM pages p
    WHERE document_id = ? AND result IS NOT NULL AND NOT EXISTS (${provisional})`)
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
  const latest = sql(
    `SELECT avg(ms) AS ms FROM (SELECT busy_ms - overlap_ms AS ms FROM pages WHERE result IS NOT NULL ORDER BY rowid DESC LIMIT 200)`,
  )
  return {
    /** Time for which each of the latest 200 pages kept its worker busy, on average, milliseconds; undefined without pages. */
    latestMs(): number | undefined {
      const ms = latest.get()?.['ms']
      return typeof ms === 'number' ? ms : undefined
    },
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
