import { statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { ScriptoriumError } from '../../shared/process/errors.ts'
import { outputPlace } from '../../shared/contract/ids.ts'
import { preparePrivateFile, takePrivateFolder } from '../../shared/files/private-files.ts'
import { version } from '../../shared/process/version.ts'
import { createCallers } from './callers.ts'
import { createClaims } from './claims.ts'
import { createDeaths } from './deaths.ts'
import { createDocuments } from './documents.ts'
import { createFigures } from './queries/figures.ts'
import { createRecordListing } from './queries/listing.ts'
import { createPages } from './pages.ts'
import { createReviewList } from './queries/review.ts'
import { createRevisions } from './transitions/corrections/revisions.ts'
import { createRunReader, createRuns } from './runs.ts'
import { migrations } from './schema.ts'
import { createSearch } from './queries/search/search.ts'
import { createAnnouncements, createSubmissions } from './submissions.ts'
import { createTallies } from './queries/tallies.ts'
import { createWebhooks } from './webhooks/webhooks.ts'
import {
  upgradeRequest,
  upgradeRunReport,
  type Upgrade,
} from '../../shared/contract/schema/upgrades.ts'

interface Options {
  /** Any process may read, even while the ledger is written. */
  readOnly?: boolean
  /**
   * With `readOnly`: there is no writer, and the one file holds all of it. A user without write permission for its
   * folder can only read it this way.
   */
  isAtRest?: boolean
  /** Keeps an index of the pages' words. */
  isSearchable?: boolean
  /** Called once for each run whose request this version cannot parse: all lists skip it. */
  onUnreadable?: (why: Error) => void
}

/** A commit of one small change needs a few pages of the write-ahead log. */
const minFreeBytes = 65_536

/**
 * The durable record of runs, documents and pages: one SQLite file with one writer, the aggregator. Throws
 * `configuration` where it is unusable.
 */
export function openLedger(folder: string, options: Options = {}) {
  const { readOnly = false, isAtRest = false } = options
  const file = ledgerFile(folder)
  if (!readOnly) {
    takePrivateFolder(folder)
    preparePrivateFile(file) // SQLite gives its files beside it the same permissions.
  }
  // A process that waits for a lock does nothing else, and a reader has other clients to answer.
  const place = isAtRest ? immutable(file) : file
  const database = new DatabaseSync(place, { readOnly, timeout: readOnly ? 250 : 5_000 })
  try {
    return createLedger(database, file, options)
  } catch (thrown) {
    if (database.isOpen) database.close()
    // A writer would only be restarted again and again; a reader's client is asked to retry.
    if (!readOnly && isDamaged(thrown)) throw damaged(file, thrown)
    throw thrown
  }
}

/** SQLite's SQLITE_CORRUPT and SQLITE_NOTADB. */
const isDamaged = (thrown: unknown): boolean =>
  thrown instanceof Error && [11, 26].includes(Number(Reflect.get(thrown, 'errcode')) & 0xff)

const damaged = (file: string, cause: unknown): ScriptoriumError =>
  new ScriptoriumError(
    'configuration',
    `${file} is damaged; restore a backup (npx scriptorium restore), or move it away to read everything again`,
    { cause },
  )

function createLedger(
  database: DatabaseSync,
  file: string,
  { readOnly = false, isSearchable = false, onUnreadable }: Options,
) {
  if (!readOnly) {
    // FULL: a commit survives a power cut, and only then do entries leave the results stream.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32000',
    )
    // For the migrations only: the stored schema must not depend on a function of ours.
    database.function('output_place', { deterministic: true }, (out, path) =>
      outputPlace(String(out), String(path)),
    )
    addUpgrade(database, 'upgraded_request', upgradeRequest)
    addUpgrade(database, 'upgraded_report', upgradeRunReport)
    migrate(database, file)
  } else requireCurrent(database, file)
  const toRun = createRunReader(onUnreadable)
  const revisions = createRevisions(database, file)
  return {
    /** Identifies this ledger, and its copies. */
    id: identityOf(database),
    runs: createRuns(database, toRun),
    documents: createDocuments(database),
    announcements: createAnnouncements(database),
    callers: createCallers(database),
    claims: createClaims(database),
    pages: createPages(database, { isSearchable, file }, revisions),
    revisions,
    review: createReviewList(database),
    submissions: createSubmissions(database),
    listing: createRecordListing(database, toRun),
    search: createSearch(database),
    tallies: createTallies(database),
    webhooks: createWebhooks(database),
    figures: createFigures(database),
    deaths: createDeaths(database),
    /** Runs `work` in one transaction; `work` must not wait for anything. */
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
    /** Whether a write would succeed: a full disk, a read-only or a damaged file rejects it. */
    isWritable(): boolean {
      if (database.isTransaction) return true
      try {
        const { bavail, bsize } = statfsSync(dirname(file))
        if (bavail * bsize < minFreeBytes) return false
        database.exec('BEGIN IMMEDIATE; UPDATE runs SET state = state WHERE 0; ROLLBACK')
        return true
      } catch {
        if (database.isTransaction) database.exec('ROLLBACK')
        return false // The heartbeat reports it, and so does every failed write.
      }
    },
    /** Removes pages of missing documents, and index entries of missing pages. */
    tidy(): void {
      database.exec(`
        BEGIN IMMEDIATE;
        DELETE FROM page_texts WHERE rowid IN (
          SELECT id FROM page_texts_docsize WHERE id NOT IN (
            SELECT rowid FROM pages WHERE result IS NOT NULL AND document_id IN (SELECT id FROM documents)));
        DELETE FROM pages WHERE document_id NOT IN (SELECT id FROM documents);
        DELETE FROM revisions WHERE document_id NOT IN (SELECT id FROM documents);
        COMMIT`)
    },
    close: () => database.close(),
  }
}

export type Ledger = ReturnType<typeof openLedger>

export const ledgerFile = (folder: string): string => join(folder, 'ledger.sqlite')

/** SQLite then makes no `-shm` file, and ignores locks of other processes. */
function immutable(file: string): URL {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return url
}

const identityOf = (database: DatabaseSync): string =>
  String(database.prepare('SELECT id FROM identity').get()?.['id'])

const versionOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.['user_version'])

function requireCurrent(database: DatabaseSync, file: string): void {
  const found = versionOf(database)
  if (found === migrations.length) return
  database.close()
  if (found > migrations.length)
    throw new ScriptoriumError('newer_version', newerThanThis(file, found))
  const why =
    found === 0
      ? 'is not a Scriptorium ledger, or is still being created'
      : `has version ${found}, not ${migrations.length}; ingest or the aggregator upgrades it when it starts`
  throw new ScriptoriumError('ledger_unavailable', `${file} ${why}`)
}

const newerThanThis = (file: string, found: number): string =>
  `${file} was written by a newer Scriptorium (ledger version ${found}; ${version} knows ${migrations.length}): ` +
  'start the newer one again, or restore the backup made before it'

/** A value that cannot be upgraded stays unchanged; readers reject it. */
function addUpgrade(database: DatabaseSync, name: string, upgrade: Upgrade): void {
  database.function(name, { deterministic: true }, (text) => {
    if (typeof text !== 'string') return null
    try {
      return JSON.stringify(upgrade(JSON.parse(text)))
    } catch {
      return text
    }
  })
}

function migrate(database: DatabaseSync, file: string): void {
  const found = versionOf(database)
  if (found > migrations.length) {
    database.close()
    throw new ScriptoriumError('configuration', newerThanThis(file, found))
  }
  migrations.slice(found).forEach((migration, index) => {
    database.exec(`BEGIN; ${migration} PRAGMA user_version = ${found + index + 1}; COMMIT`)
  })
}
