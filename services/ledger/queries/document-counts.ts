import type { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '../../../shared/contract/result/outcomes.ts'

/** Numbers of a run's documents: open, final, without an output. */
export function createDocumentCounts(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const open = sql(`SELECT count(*) AS n FROM documents WHERE run_id = ? AND state <> 'final'`)
  const anyOpen = sql(`SELECT 1 FROM documents WHERE run_id = ? AND state <> 'final' LIMIT 1`)
  const openPaths = sql(`SELECT path FROM documents WHERE run_id = ? AND state <> 'final' LIMIT ?`)
  const incomplete = sql(
    'SELECT count(*) AS n FROM documents WHERE run_id = ? AND unavailable IS NOT NULL',
  )
  // Uses only the index of outcomes: reading the rows would take ten times as long.
  const counts = sql(`
    SELECT outcome, count(*) AS n FROM documents WHERE run_id = ? AND state = 'final' GROUP BY outcome`)
  const unstable = sql(`
    SELECT outcome, count(*) AS n FROM documents
    WHERE run_id = ? AND state = 'final' AND error_code = 'unstable' GROUP BY outcome`)
  return {
    hasOpen: (runId: string) => anyOpen.get(runId) !== undefined,
    countOpen: (runId: string) => Number(open.get(runId)?.['n']),
    openPaths: (runId: string, limit: number) =>
      openPaths.all(runId, limit).map((found) => String(found['path'])),
    countUnavailable: (runId: string) => Number(incomplete.get(runId)?.['n']),
    /** Final documents of a run by outcome; those that changed while they were read count as `unstable`. */
    countFinal(runId: string): Map<Outcome | 'unstable', number> {
      const found = new Map<Outcome | 'unstable', number>(toCounts(counts.all(runId)))
      for (const [outcome, n] of toCounts(unstable.all(runId))) {
        const others = (found.get(outcome) ?? 0) - n
        if (others > 0) found.set(outcome, others)
        else found.delete(outcome)
        found.set('unstable', (found.get('unstable') ?? 0) + n)
      }
      return found
    },
  }
}

const toCounts = (found: readonly Record<string, unknown>[]) =>
  found.map(({ outcome, n }) => [outcome as Outcome, Number(n)] as const)
