import { existsSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { ledgerFile } from '../ledger.ts'

/** A copy in several steps would restart at each commit of the aggregator: it runs in one step. */
const allPages = 2 ** 31 - 1

/**
 * Copies a consistent snapshot of a ledger into a separate file, even during writes. Returns its version. Throws
 * `ledger_damaged` if SQLite finds the copy damaged.
 */
export async function copyLedger(folder: string, file: string): Promise<number> {
  const source = new DatabaseSync(ledgerFile(folder), { readOnly: true, timeout: 5_000 })
  try {
    await backup(source, file, { rate: allPages })
  } catch (thrown) {
    throw damaged(ledgerFile(folder), toError(thrown).message, thrown)
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(file)
  try {
    copy.exec('PRAGMA journal_mode = DELETE') // One file: no -wal beside it that could be left behind.
    const problems = integrityProblems(copy)
    if (problems.length > 0) throw damaged(ledgerFile(folder), problems.join('; '))
    return Number(copy.prepare('PRAGMA user_version').get()?.['user_version'])
  } finally {
    copy.close()
  }
}

/** SQLite's findings about a database, including its full-text index; none where it is sound. */
export function integrityProblems(database: DatabaseSync): string[] {
  try {
    const found = database.prepare('PRAGMA integrity_check(20)').all()
    const lines = found.map((row) => String(row['integrity_check']))
    return lines.length === 1 && lines[0] === 'ok' ? [] : lines
  } catch (thrown) {
    return [toError(thrown).message] // Too damaged to be checked.
  }
}

/** Whether some process has the ledger open, reading or writing. False for a file that is no database. */
export function isLedgerOpen(folder: string): boolean {
  if (!existsSync(ledgerFile(folder))) return false
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(ledgerFile(folder), { timeout: 0 })
    // Leaving WAL mode needs exclusive access: any other connection, even an idle one, makes it fail.
    database.exec('PRAGMA journal_mode = DELETE')
    return false
  } catch (thrown) {
    return /locked|busy/.test(toError(thrown).message)
  } finally {
    database?.close()
  }
}

const damaged = (file: string, why: string, cause?: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'ledger_damaged',
    `${file} is damaged (${why}); restore a backup, and check the disk`,
    { cause },
  )
