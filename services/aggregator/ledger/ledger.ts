import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { createDocuments } from './documents.ts'
import { createPages } from './pages.ts'
import { createRuns } from './runs.ts'

/** Raised with every change of the tables; a ledger of a newer version is refused, not guessed at. */
const schemaVersion = 1

const schema = `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, root TEXT NOT NULL, out TEXT NOT NULL, request TEXT NOT NULL,
    fingerprint TEXT NOT NULL, state TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, report TEXT
  ) STRICT;
  CREATE INDEX runs_by_out ON runs (out, started_at);

  CREATE TABLE run_paths (run_id TEXT NOT NULL, path TEXT NOT NULL) STRICT;
  CREATE INDEX run_paths_by_run ON run_paths (run_id);

  -- state: planned (a job is on its way), waiting (for the document whose content it shares),
  --        read (all pages are here, output files not yet), final
  CREATE TABLE documents (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, stat TEXT NOT NULL, bytes INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, job_id TEXT NOT NULL, pass INTEGER NOT NULL, state TEXT NOT NULL,
    outcome TEXT, error_code TEXT, error_message TEXT, sha256 TEXT, media_type TEXT, duplicate_of TEXT,
    pages_total INTEGER, worker TEXT, outputs TEXT, finished_at TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX documents_open ON documents (run_id, state) WHERE state <> 'final';
  CREATE INDEX documents_by_run ON documents (run_id, outcome) WHERE state = 'final';
  CREATE INDEX documents_by_size ON documents (bytes, fingerprint) WHERE outcome IN ('succeeded', 'empty');
  CREATE INDEX documents_by_content ON documents (sha256, fingerprint) WHERE outcome IN ('succeeded', 'empty');
  CREATE INDEX documents_waiting ON documents (duplicate_of) WHERE state = 'waiting';

  CREATE TABLE pages (
    document_id TEXT NOT NULL, page INTEGER NOT NULL, outcome TEXT NOT NULL, confidence REAL, words INTEGER NOT NULL,
    attempts INTEGER NOT NULL, worker TEXT NOT NULL, busy_ms REAL NOT NULL,
    error_code TEXT, error_message TEXT, result BLOB, PRIMARY KEY (document_id, page)
  ) STRICT;
`

/**
 * The durable record of runs, documents and pages: one SQLite file with one writer, the aggregator.
 * With `readOnly` anybody may look, also while it is written. Throws `configuration` where it cannot be used.
 */
export function openLedger(folder: string, { readOnly = false } = {}) {
  const file = ledgerFile(folder)
  if (!readOnly) mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(file, { readOnly, timeout: 5_000 })
  if (!readOnly) {
    // FULL: what is committed survives a power cut, and only then is it taken off the results stream.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000',
    )
    migrate(database, file)
  }
  return {
    runs: createRuns(database),
    documents: createDocuments(database),
    pages: createPages(database),
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
    close: () => database.close(),
  }
}

export type Ledger = ReturnType<typeof openLedger>

export const ledgerFile = (folder: string): string => join(folder, 'ledger.sqlite')

function migrate(database: DatabaseSync, file: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (found === schemaVersion) return
  if (found > schemaVersion) {
    throw new ScriptoriumError(
      'configuration',
      `${file} was written by a newer Scriptorium (ledger version ${found}); use that one`,
    )
  }
  database.exec(`BEGIN; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT`)
}
