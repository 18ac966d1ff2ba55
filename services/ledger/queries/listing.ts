import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { WarningCode } from '../../../shared/contract/result/page.ts'
import { toDocument, type Document } from '../document.ts'
import { createRunReader, type Run, type RunReader } from '../runs.ts'

/** Start of a page of a list: just after this entry. */
export interface Position {
  time: number | string
  id: string
}

export interface DocumentFilter {
  outcome?: string
  /** Whether the document has ended. */
  isFinal?: boolean
  /** Documents of a folder run, or those submitted by an upload. */
  run?: { id: string; source: 'folder' | 'upload' }
  tag?: string
  warning?: WarningCode
}

interface RunFilter {
  state?: string
  source?: string
  tag?: string
}

/** Lists for people and programs: newest first, one page at a time. */
export function createRecordListing(database: DatabaseSync, toRun: RunReader = createRunReader()) {
  const statements = new Map<string, StatementSync>()
  const all = (sql: string, values: SQLInputValue[]) => {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    return statement.all(...values)
  }
  const isFew = ({ sql, values }: DocumentSet): boolean => {
    const [counted] = all(`SELECT count(*) AS n FROM (${sql} LIMIT ?)`, [...values, maxSorted + 1])
    return Number(counted?.['n']) <= maxSorted
  }
  return {
    documents(filter: DocumentFilter, after: Position | undefined, limit: number): Document[] {
      const where: string[] = []
      const values: SQLInputValue[] = []
      const add = (condition: string, ...given: SQLInputValue[]): void => {
        where.push(condition)
        values.push(...given)
      }
      const few = setsOf(filter).find(isFew)
      if (few !== undefined) add(`id IN (${few.sql})`, ...few.values)
      // With a sign SQLite takes no index for it: the few are found by theirs, and sorted.
      const sign = few === undefined ? '' : '+'
      if (filter.outcome !== undefined) add('outcome = ?', filter.outcome)
      // For SQLite, which uses a partial index only if its condition is in the statement.
      if (filter.outcome !== 'succeeded' && filter.outcome !== undefined)
        add("outcome <> 'succeeded'")
      if (filter.isFinal !== undefined) add(`state ${filter.isFinal ? '=' : '<>'} 'final'`)
      if (filter.run !== undefined) add(sign + ofRun[filter.run.source], filter.run.id)
      if (filter.tag !== undefined) add(withTag, filter.tag, filter.tag)
      if (filter.warning !== undefined) add(withWarning, `%"${filter.warning}"%`)
      const time = `${sign}created_at`
      if (after !== undefined) add(`(${time}, id) < (?, ?)`, after.time, after.id)
      const sql = `SELECT * FROM documents ${toWhere(where)} ORDER BY ${time} DESC, id DESC LIMIT ?`
      return all(sql, [...values, limit]).map(toDocument)
    },
    runs({ state, source, tag }: RunFilter, after: Position | undefined, limit: number): Run[] {
      const where: string[] = []
      const values: SQLInputValue[] = []
      for (const [column, value] of Object.entries({ state, source, tag })) {
        if (value === undefined) continue
        where.push(`${column} = ?`)
        values.push(value)
      }
      if (after !== undefined) {
        where.push('(started_at, id) < (?, ?)')
        values.push(after.time, after.id)
      }
      const sql = `SELECT * FROM runs ${toWhere(where)} ORDER BY started_at DESC, id DESC LIMIT ?`
      const rows = all(sql, [...values, limit])
      return rows.flatMap((row) => toRun(row) ?? [])
    },
  }
}

/** The ids of the documents that match a part of a filter. */
interface DocumentSet {
  sql: string
  values: SQLInputValue[]
}

/**
 * A list by time passes all documents that do not match: with a million documents and few matches, for a second. Up to
 * this many matches are found by an index and sorted instead; more of them are soon found by time.
 */
const maxSorted = 5_000

/** The parts of a filter that an index finds, and that may match few documents. */
function setsOf({ tag, run, isFinal }: DocumentFilter): DocumentSet[] {
  const sets: DocumentSet[] = []
  if (tag !== undefined) sets.push({ sql: tagged, values: [tag, tag] })
  if (run?.source === 'folder' && isFinal !== undefined) {
    sets.push({ sql: isFinal ? endedOfRun : openOfRun, values: [run.id] })
  }
  return sets
}

const tagged = `SELECT id FROM documents WHERE run_id IN (SELECT id FROM runs WHERE tag = ?)
  UNION ALL SELECT s.document_id FROM runs r CROSS JOIN submissions s ON s.run_id = r.id WHERE r.tag = ?`
const openOfRun = `SELECT id FROM documents INDEXED BY documents_open WHERE run_id = ? AND state <> 'final'`
const endedOfRun = `SELECT id FROM documents INDEXED BY documents_by_run WHERE run_id = ? AND state = 'final'`

const ofRun = {
  folder: 'run_id = ?',
  upload: 'id IN (SELECT document_id FROM submissions WHERE run_id = ?)',
}

const withTag = `(run_id IN (SELECT id FROM runs WHERE tag = ?) OR id IN (
  SELECT s.document_id FROM submissions s JOIN runs r ON r.id = s.run_id WHERE r.tag = ?))`

const withWarning = 'warnings IS NOT NULL AND warnings LIKE ?'

const toWhere = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
