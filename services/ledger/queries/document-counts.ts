import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import { mayReadBetterSql } from '../transitions/provisional-pages.ts'

/** Failed documents of a run with one error code. */
export interface FailureCount {
  code: string
  count: number
}

/** Numbers of a run's documents: open, final, without an output. */
export function createDocumentCounts(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const anyOpen = sql(`SELECT 1 FROM documents WHERE run_id = ? AND state <> 'final' LIMIT 1`)
  const openPaths = sql(`SELECT path FROM documents WHERE run_id = ? AND state <> 'final' LIMIT ?`)
  const incomplete = sql(
    'SELECT count(*) AS n FROM documents WHERE run_id = ? AND unavailable IS NOT NULL',
  )
  const warned = sql(`
    SELECT count(*) AS n FROM documents WHERE run_id = ? AND state = 'final' AND warnings IS NOT NULL`)
  const warnings = sql(`
    SELECT code.value AS code, count(*) AS n FROM documents d, json_each(d.warnings) code
    WHERE d.run_id = ? AND d.state = 'final' AND d.warnings IS NOT NULL GROUP BY code.value ORDER BY code.value`)
  const warnedPaths = sql(`
    SELECT path FROM documents WHERE run_id = ? AND state = 'final' AND warnings IS NOT NULL LIMIT ?`)
  const better = mayReadBetterSql('d.warnings')
  const improvable = sql(`
    SELECT 1 FROM documents d INDEXED BY documents_warned
    WHERE d.run_id = ? AND d.warnings IS NOT NULL AND ${better} AND d.state = 'final' LIMIT 1`)
  const improvableUpload = sql(`
    SELECT 1 FROM submissions s JOIN documents d ON d.id = s.document_id
    WHERE s.run_id = ? AND ${better} AND d.state = 'final' LIMIT 1`)
  // The counts that triggers maintain: counting half a million documents takes 60 ms.
  const counts = sql('SELECT outcome, code, n FROM document_counts WHERE run_id = ?')
  const failures = sql(`
    SELECT code, sum(n) AS n FROM document_counts WHERE run_id = ? AND code <> '' GROUP BY code ORDER BY n DESC, code`)
  const totals = sql(
    `SELECT outcome, sum(n) AS n FROM document_counts WHERE run_id = '' GROUP BY outcome`,
  )
  return {
    hasOpen: (runId: string) => anyOpen.get(runId) !== undefined,
    countOpen: (runId: string) =>
      counts.all(runId).reduce((sum, { outcome, n }) => sum + (outcome === '' ? Number(n) : 0), 0),
    openPaths: (runId: string, limit: number) =>
      openPaths.all(runId, limit).map((found) => String(found['path'])),
    countUnavailable: (runId: string) => Number(incomplete.get(runId)?.['n']),
    /** Final documents of a run with a warning: their number, by code, and the paths of the first. */
    warned: (runId: string, limit: number) => ({
      count: Number(warned.get(runId)?.['n']),
      codes: Object.fromEntries(
        warnings.all(runId).map(({ code, n }) => [String(code), Number(n)]),
      ),
      paths: warnedPaths.all(runId, limit).map((found) => String(found['path'])),
    }),
    /** Whether a run has a document that may be read better. */
    hasImprovable: (runId: string): boolean =>
      (improvable.get(runId) ?? improvableUpload.get(runId)) !== undefined,
    /** Final documents of a run by outcome; those that changed while they were read count as `unstable`. */
    countFinal(runId: string): Map<Outcome | 'unstable', number> {
      const found = new Map<Outcome | 'unstable', number>()
      for (const { outcome, code, n } of counts.all(runId)) {
        if (outcome === '') continue
        const name = code === 'unstable' ? code : (outcome as Outcome)
        found.set(name, (found.get(name) ?? 0) + Number(n))
      }
      return found
    },
    /** Final documents of a run with an error, by code, the most frequent first. */
    countFailures: (runId: string): FailureCount[] =>
      failures.all(runId).map(({ code, n }) => ({ code: String(code), count: Number(n) })),
    /** All documents by outcome; those that have not ended count as `open`. */
    countAll: (): Record<string, number> =>
      Object.fromEntries(
        totals
          .all()
          .map(({ outcome, n }) => [outcome === '' ? 'open' : String(outcome), Number(n)]),
      ),
  }
}
