import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { ledgerFile } from '../../ledger/ledger.ts'
import { stateFolder } from '../../outputs/files/output-files.ts'

/** Kind of a folder with a ledger: an output folder (`ingest`), or SCRIPTORIUM_DATA (services). */
type FolderKind = 'output' | 'data'

/** The present or future place of such a folder's ledger. */
export const ledgerFolderOf = (folder: string, kind: FolderKind): string =>
  kind === 'output' ? stateFolder(resolve(folder)) : resolve(folder)

/** Finds the ledger of a folder given by the user. Throws `input_unreadable` if there is none. */
export function findLedgerFolder(given: string): { folder: string; kind: FolderKind } {
  for (const kind of ['data', 'output'] as const) {
    const folder = ledgerFolderOf(given, kind)
    if (existsSync(ledgerFile(folder))) return { folder, kind }
  }
  throw new ScriptoriumError(
    'input_unreadable',
    `${resolve(given)} holds no ledger; give an output folder of ingest, or SCRIPTORIUM_DATA`,
  )
}
