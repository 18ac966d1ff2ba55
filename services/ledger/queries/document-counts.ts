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
  const warned = sql(`
    SELECT count(*) AS n FROM documents WHERE run_id = ? AND state = 'final' AND warnings IS NOT NULL`)
  const warnings = sql(`
    SELECT code.value AS code, count(*) AS n FROM documents d, json_each(d.warnings) code
    WHERE d.run_id = ? AND d.state = 'final' AND d.warnings IS NOT NULL GROUP BY code.value ORDER BY code.value`)
  const warnedPaths = sql(`
    SELECT path FROM documents WHERE run_id = ? AND state = 'final' AND warnings IS NOT NULL LIMIT ?`)
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
    /** Final documents of a run with a warning: their number, by code, and the paths of the first. */
    warned: (runId: string, limit: number) => ({
      count: Number(warned.get(runId)?.['n']),
      codes: Object.fromEntries(
        warnings.all(runId).map(({ code, n }) => [String(code), Number(n)]),
      ),
      paths: warnedPaths.all(runId, limit).map((found) => String(found['path'])),
    }),
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
