import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { createDocuments } from './documents.ts'
import { createListing } from './listing.ts'
import { createPages } from './pages.ts'
import { createRuns } from './runs.ts'
import { migrations } from './schema.ts'
import { createSearch } from './search.ts'
import { createSubmissions } from './submissions.ts'
import { createWebhooks } from './webhooks.ts'

/**
 * The durable record of runs, documents and pages: one SQLite file with one writer, the aggregator.
 * With `readOnly` anybody may look, also while it is written. Throws `configuration` where it cannot be used.
 */
export function openLedger(folder: string, { readOnly = false, isSearchable = false } = {}) {
  const file = ledgerFile(folder)
  if (!readOnly) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(file, { readOnly, timeout: 5_000 })
  if (!readOnly) {
    // FULL: what is committed survives a power cut, and only then is it taken off the results stream.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000',
    )
    migrate(database, file)
  } else requireCurrent(database, file)
  return {
    runs: createRuns(database),
    documents: createDocuments(database),
    pages: createPages(database, { isSearchable }),
    submissions: createSubmissions(database),
    listing: createListing(database),
    search: createSearch(database),
    webhooks: createWebhooks(database),
    /** Runs `work`, which must not wait for anything, in one transaction. */
    transaction<T>(work: () => T): T {
      database.exec('BEGIN IMMEDIATE')
      try {
        const value = work()
        database.exec('COMMIT')
        return value
      } catch (thrown) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw thrown
      }
    },
    /** Whether a write would be taken: a read-only or damaged file refuses it. */
    isWritable(): boolean {
      if (database.isTransaction) return true
      try {
        database.exec('BEGIN IMMEDIATE; UPDATE runs SET state = state WHERE 0; ROLLBACK')
        return true
      } catch {
        if (database.isTransaction) database.exec('ROLLBACK')
        return false // Told with the heartbeat, and by what cannot be recorded.
      }
    },
    close: () => database.close(),
  }
}

export type Ledger = ReturnType<typeof openLedger>

export const ledgerFile = (folder: string): string => join(folder, 'ledger.sqlite')

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version'])

function requireCurrent(database: DatabaseSync, file: string): void {
  const found = versionOf(database)
  if (found === migrations.length) return
  database.close()
  throw new ScriptoriumError(
    'ledger_unavailable',
    `${file} has version ${found}, not ${migrations.length}; its aggregator brings it up to date when it starts`,
  )
}

function migrate(database: DatabaseSync, file: string): void {
  const found = versionOf(database)
  if (found > migrations.length) {
    throw new ScriptoriumError(
      'configuration',
      `${file} was written by a newer Scriptorium (ledger version ${found}); use that one`,
    )
  }
  migrations.slice(found).forEach((migration, index) => {
    database.exec(`BEGIN; ${migration} PRAGMA user_version = ${found + index + 1}; COMMIT`)
  })
}
