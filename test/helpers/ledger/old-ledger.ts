import { copyFileSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import { folderDocumentId } from '../../../shared/contract/ids.ts'
import { statKey } from '../../../shared/files/stat-key.ts'
import { pngOf, writeOld } from '../pages/pages.ts'
import { repository } from '../processes/processes.ts'

/** The commits that made the ledgers in fixtures/ledgers, oldest first. */
export const oldVersions = ['f26233e', '62993b3', 'cc045ce', '8fe3d31'] as const

/** Makes an older ledger in `folder/data`, with the files that it knows in `folder/in` and in the spool. */
export async function makeOldLedger(folder: string, version: string): Promise<string> {
  const data = join(folder, 'data')
  const input = join(folder, 'in')
  const inputs = join(data, 'spool', 'inputs')
  for (const made of [inputs, join(input, 'letters'), join(input, 'cut')]) {
    mkdirSync(made, { recursive: true })
  }
  copyFileSync(join(repository, 'samples/letters/fax.tif'), join(input, 'letters', 'fax.tif'))
  for (const name of ['read-1', 'read-2', 'slow-1', 'slow-2']) {
    writeOld(join(input, 'cut', `${name}.png`), await pngOf(name))
  }
  const sql = readFileSync(join(repository, 'test/fixtures/ledgers', `${version}.sql`), 'utf8')
  const database = new DatabaseSync(ledgerFile(data))
  database.exec(`BEGIN; ${sql.replaceAll('/fixture', folder)} COMMIT`)
  relocate(database)
  for (const [name, bytes] of [
    ['seeds.png', readFileSync(join(repository, 'samples/seeds.png'))],
    ['slow-upload.png', await pngOf('slow-upload')],
  ] as const) {
    const row = database.prepare('SELECT sha256 FROM documents WHERE path = ?').get(name)
    writeOld(join(inputs, String(row?.['sha256'])), bytes)
  }
  database.close()
  return data
}

/** The ids of a folder's documents depend on its path, and unchanged files are recognised by their times. */
function relocate(database: DatabaseSync): void {
  const documents = database.prepare(`
    SELECT d.id, d.path, r.root, r.out FROM documents d JOIN runs r ON r.id = d.run_id WHERE d.is_upload = 0`)
  const moveDocument = database.prepare('UPDATE documents SET id = ?, stat = ? WHERE id = ?')
  const movePages = database.prepare('UPDATE pages SET document_id = ? WHERE document_id = ?')
  for (const row of documents.all()) {
    const [id = '', path = '', root = '', out = ''] = Object.values(row).map(String)
    const moved = folderDocumentId(out, root, path)
    moveDocument.run(moved, statKey(lstatSync(join(root, path), { bigint: true })), id)
    movePages.run(moved, id)
  }
}
