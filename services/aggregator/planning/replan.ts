import { statBelow } from '../../../shared/files/open-below.ts'
import { statKey } from '../../../shared/files/stat-key.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun, type Run } from '../../ledger/runs.ts'
import { planAgain, type Extent } from './plan-file.ts'
import { nextPass } from '../../ledger/document-jobs.ts'

/**
 * Plans ended documents again, in one transaction; returns the ids of those that are read again. Their runs continue
 * once all are planned (`reopen.ts`).
 */
export function replan(
  ledger: Ledger,
  rows: readonly Document[],
  extent: Extent = 'rest',
): string[] {
  return ledger.transaction(() =>
    rows.flatMap((row) => (planNext(ledger, row, extent) ? [row.id] : [])),
  )
}

/**
 * Plans ended documents again without any of their pages, and reopens their runs in the same transaction, because the
 * caller is blocked meanwhile, and is not called again after a crash.
 */
export function replanAndReopen(ledger: Ledger, rows: readonly Document[]): string[] {
  const { runs, submissions } = ledger
  return ledger.transaction(() =>
    rows.flatMap((row) => {
      if (!planNext(ledger, row, 'all')) return []
      for (const runIds of row.origin === 'upload' ? submissions.runsOf(row.id) : [[row.runId]])
        for (const id of runIds) runs.reopen(id)
      return [row.id]
    }),
  )
}

/** False where there is nothing left to read, or the ledger has changed. */
function planNext(ledger: Ledger, row: Document, extent: Extent): boolean {
  const run = ledger.runs.get(row.runId)
  const stat = row.origin === 'upload' ? row.stat : currentStat(run, row)
  if (stat === undefined) return false // It keeps its outcome.
  // Its run may have been planned again with another engine since.
  const { fingerprint } = run ?? row
  const next = nextPass({ ...row, fingerprint }, stat)
  return planAgain(ledger, row, next, extent) !== undefined
}

/** The file may have been repaired in the meantime: its present content is read. Undefined where there is no file. */
function currentStat(run: Run | undefined, { path }: Document): string | undefined {
  if (run === undefined || !isFolderRun(run)) return undefined
  try {
    const { root, follow } = run.request
    return statKey(statBelow({ root, path, follow }))
  } catch {
    return undefined // An error that hides the file from us also hides it from a worker.
  }
}
