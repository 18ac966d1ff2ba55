import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readOutcomes } from '../../../../shared/contract/result/outcomes.ts'
import type { Document } from '../../../ledger/document.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import { isFolderRun, type Run } from '../../../ledger/runs.ts'
import { inputFileOf } from '../../../outputs/from-ledger.ts'
import { documentFinding } from './about.ts'
import { checkOutputs } from './check-outputs.ts'
import { checkPages } from './check-pages.ts'
import type { Finding } from './finding.ts'

/** Compares a document with its pages and its output files; one that changes meanwhile has no finding. */
export async function checkDocument(ledger: Ledger, id: string): Promise<Finding[]> {
  const { documents, runs } = ledger
  const row = documents.get(id)
  const run = row && runs.get(row.runId)
  if (row === undefined) return []
  if (run === undefined) {
    const why = runs.problemOf(row.runId)?.message ?? 'it is missing'
    const found = `its run ${row.runId} cannot be read: ${why}`
    const cure = 'read its folder again with ingest --force'
    return [{ kind: 'run_missing', path: row.path, found, cure, repair: null, documentId: id }]
  }
  const found = await check(ledger, row, run)
  if (found.length === 0) return []
  // During the check it may have been written, read again or removed.
  return isDeepStrictEqual(documents.get(id), row) ? found : []
}

async function check(ledger: Ledger, row: Document, run: Run): Promise<Finding[]> {
  if (row.state === 'waiting') return run.state === 'active' ? [] : checkWaiting(ledger, row)
  if (row.origin === 'upload' && row.state !== 'final') return checkUpload(row, run)
  if (row.state !== 'final' || row.outcome === null) return []
  const ofPages = readOutcomes.has(row.outcome) ? checkPages(ledger, row, run) : []
  if (ofPages.length > 0 || !isFolderRun(run)) return ofPages
  return checkOutputs(ledger, row, run)
}

/** A document that waits for the one whose bytes it shares. */
function checkWaiting({ documents }: Ledger, row: Document): Finding[] {
  const original = documents.get(row.duplicateOf ?? '')
  if (original !== undefined && original.state !== 'final') return []
  const found = `waits for its duplicate ${row.duplicateOf}, which is not being read`
  return [documentFinding(row, 'waits_for_nobody', found)]
}

/** An unread upload needs its bytes. */
function checkUpload(row: Document, run: Run): Finding[] {
  const { root, path } = inputFileOf(row, run.request)
  const file = join(root, path)
  if (existsSync(file)) return []
  const cure = 'upload the file again'
  const found = `${row.path} is still unread, and its file is missing`
  return [{ kind: 'input_missing', path: file, found, cure, repair: null, documentId: row.id }]
}
