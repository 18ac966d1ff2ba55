import type { DatabaseSync } from 'node:sqlite'

/** One read document, and the sums of its pages. */
export interface ReadDocument {
  path: string
  bytes: number
  pagesTotal: number
  busyMs: number
  /** Size of its pages in the ledger. */
  storedBytes: number
}

/** Figures of past and present runs, as a basis for estimates. */
export function createFigures(database: DatabaseSync) {
  const work = database.prepare(
    'SELECT count(*) AS documents, coalesce(sum(bytes), 0) AS bytes FROM documents WHERE run_id = ?',
  )
  const earlier = database.prepare(`
    SELECT id, out FROM runs WHERE fingerprint = ? AND id <> ? AND source = 'folder' AND report IS NOT NULL
    ORDER BY started_at DESC LIMIT ?`)
  const workers = database.prepare(
    `SELECT count(DISTINCT worker) AS n FROM documents WHERE run_id = ? AND state = 'final'`,
  )
  // The id is a hash: its order is independent of size, name and age.
  const sample = database.prepare(`
    SELECT d.path, d.bytes, coalesce(d.pages_total, 1) AS pagesTotal, sum(p.busy_ms) AS busyMs,
      sum(length(p.result)) AS storedBytes
    FROM (SELECT * FROM documents WHERE run_id = ? AND state = 'final' AND outcome IN ('succeeded', 'empty', 'partial')
      ORDER BY id LIMIT ?) d JOIN pages p ON p.document_id = d.id GROUP BY d.id`)
  return {
    /** All documents of a run. */
    work: (runId: string) => work.get(runId) as unknown as { documents: number; bytes: number },
    /** Ended runs with exactly this recipe and engine, the latest first. */
    earlierRuns: (fingerprint: string, otherThan: string, limit: number) =>
      earlier.all(fingerprint, otherThan, limit) as unknown as { id: string; out: string }[],
    /** Number of workers that read for a run. */
    workers: (runId: string) => Number(workers.get(runId)?.['n']),
    /** Some read documents of a run. */
    sample: (runId: string, limit: number) => sample.all(runId, limit) as unknown as ReadDocument[],
  }
}
