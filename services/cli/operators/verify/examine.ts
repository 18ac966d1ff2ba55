import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findHolder } from '../../../../shared/files/file-lock.ts'
import { combinedId } from '../../../ledger/claims.ts'
import { auditLedger, type Audit } from '../../../ledger/copies/audit.ts'
import { ledgerFile, openLedger } from '../../../ledger/ledger.ts'
import { combinedName } from '../../../outputs/plain/combined.ts'
import { checkDocument } from './check-documents.ts'
import { checkCombined, checkDrafts, checkForeign, checkSpool, namesOf } from './check-folders.ts'
import type { Finding } from './finding.ts'

/** The documents to verify: all of a ledger, or those of one output folder. */
export interface VerifyScope {
  /** Folder of the ledger. */
  folder: string
  out?: string
}

export interface Examined {
  documents: number
  findings: Finding[]
}

/** Compares a ledger with itself, with every output file and with the spool. It only reads, and may while all else runs. */
export async function examineLedger({ folder, out }: VerifyScope): Promise<Examined> {
  const audit = auditLedger(folder)
  const ofLedger = ledgerFindings(audit, folder)
  if (audit.damage.length > 0) return { documents: 0, findings: ofLedger }
  const ledger = openLedger(folder, { readOnly: true })
  try {
    const wanted = audit.documents.filter((each) => out === undefined || each.out === out)
    const findings = [...ofLedger]
    for (const { id } of wanted) findings.push(...(await checkDocument(ledger, id)))
    const names = new Set<string>()
    for (const each of audit.documents)
      if (each.out !== '') namesOf(ledger, each.out, each.id, names)
    const isQuiet = ['run.lock', 'aggregator.lock'].every(
      (name) => findHolder(join(folder, name)) === undefined,
    )
    const outs = new Set(wanted.map((each) => each.out).filter((each) => each !== ''))
    if (out !== undefined) outs.add(out)
    for (const each of outs) {
      findings.push(...checkDrafts(each, isQuiet))
      findings.push(...(await checkCombined(ledger, each)))
      const combined = ledger.claims.of(each, combinedName, combinedId)
      findings.push(...checkForeign(each, names, combined))
    }
    if (existsSync(join(folder, 'spool'))) findings.push(...(await checkSpool(folder)))
    return { documents: wanted.length, findings }
  } finally {
    ledger.close()
  }
}

function ledgerFindings(audit: Audit, folder: string): Finding[] {
  const path = ledgerFile(folder)
  const tidy = 'verify --repair deletes them'
  const found: Finding[] = audit.damage.map((damage) => ({
    kind: 'ledger_damaged',
    path,
    found: damage,
    cure: 'restore a backup (npx scriptorium restore), and check the disk',
    repair: null,
  }))
  if (audit.pagesOfNobody.length > 0) {
    const what = `holds pages of ${audit.pagesOfNobody.length} missing documents`
    found.push({ kind: 'pages_of_nobody', path, found: what, cure: tidy, repair: 'tidy' })
  }
  if (audit.staleTexts > 0) {
    const what = `the search index holds ${audit.staleTexts} texts of missing pages`
    found.push({ kind: 'texts_stale', path, found: what, cure: tidy, repair: 'tidy' })
  }
  for (const what of audit.textDamage) {
    const cure =
      'stop the aggregator, then verify --repair rebuilds the search index from the pages'
    found.push({ kind: 'texts_damaged', path, found: what, cure, repair: 'reindex' })
  }
  for (const id of audit.withoutRun) {
    const cure = 'read its folder again with ingest'
    const what = `document ${id} has no run`
    found.push({ kind: 'run_missing', path, found: what, cure, repair: null, documentId: id })
  }
  return found
}
