import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ledgerFile, openLedger } from '../../../services/ledger/ledger.ts'

/** The tokens of each text in the ledger's index, in order. */
export function tokenisedByFts5(texts: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'scriptorium-test-'))
  openLedger(folder).close()
  const database = new DatabaseSync(ledgerFile(folder))
  database.exec(`CREATE VIRTUAL TABLE vocabulary USING fts5vocab(page_texts, 'instance'); BEGIN`)
  const insert = database.prepare('INSERT INTO page_texts (rowid, text) VALUES (?, ?)')
  texts.forEach((text, index) => insert.run(index, text))
  database.exec('COMMIT')
  const tokens: string[][] = texts.map(() => [])
  const found = database.prepare('SELECT term, doc, "offset" AS at FROM vocabulary').all()
  for (const { term, doc, at } of found) {
    const list = tokens[Number(doc)]
    if (list !== undefined) list[Number(at)] = String(term)
  }
  database.close()
  rmSync(folder, { recursive: true })
  return tokens
}
