import { existsSync, readdirSync } from 'node:fs'
import { nameSpool } from '../../../../shared/files/spool.ts'
import { countDrafts, type UploadClients } from '../clients/uploads.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import type { Row } from '../world/ledger.ts'

/** An upload is two files until it is accepted: its input, and its ticket. */
const draftsOfUpload = 2

/** Files of the spool without an owner. There were `draftsBefore` drafts when the uploads began. */
export function checkSpoolFiles(
  dataFolder: string,
  uploads: UploadClients,
  rows: readonly Row[],
  draftsBefore: number,
): ChaosFinding[] {
  const spool = nameSpool(dataFolder)
  const findings: ChaosFinding[] = []
  for (const ticket of list(spool.tickets))
    findings.push(finding('orphans', `ticket ${ticket} of an upload that has ended`))
  const drafts = countDrafts(dataFolder) - draftsBefore
  const unanswered = uploads.withoutAnswer()
  if (drafts > draftsOfUpload * unanswered)
    findings.push(finding('orphans', `${drafts} drafts of ${unanswered} unanswered uploads`))
  const known = new Set(rows.map(({ sha256 }) => sha256))
  for (const sha256 of list(spool.inputs)) {
    if (!known.has(sha256) && !uploads.unanswered.has(sha256))
      findings.push(finding('orphans', `spool file ${sha256} has no record`))
  }
  return findings
}

/** Files that ended processes left in the temporary folder. */
export const checkTmp = (folder: string): ChaosFinding[] =>
  list(folder)
    .filter((name) => name !== 'node-compile-cache')
    .map((name) => finding('orphans', `left in the folder for temporary files: ${name}`))

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])
