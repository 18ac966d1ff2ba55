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
  return {
    documents(filter: DocumentFilter, after: Position | undefined, limit: number): Document[] {
      const where: string[] = []
      const values: SQLInputValue[] = []
      const add = (condition: string, ...given: SQLInputValue[]): void => {
        where.push(condition)
        values.push(...given)
      }
      if (filter.outcome !== undefined) add('outcome = ?', filter.outcome)
      // For SQLite, which uses a partial index only if its condition is in the statement.
      if (filter.outcome !== 'succeeded' && filter.outcome !== undefined)
        add("outcome <> 'succeeded'")
      if (filter.isFinal !== undefined) add(`state ${filter.isFinal ? '=' : '<>'} 'final'`)
      if (filter.run !== undefined) add(ofRun[filter.run.source], filter.run.id)
      if (filter.tag !== undefined) add(withTag, filter.tag, filter.tag)
      if (filter.warning !== undefined) add(withWarning, `%"${filter.warning}"%`)
      if (after !== undefined) add('(created_at, id) < (?, ?)', after.time, after.id)
      const sql = `SELECT * FROM documents ${toWhere(where)} ORDER BY created_at DESC, id DESC LIMIT ?`
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

const ofRun = {
  folder: 'run_id = ?',
  upload: 'id IN (SELECT document_id FROM submissions WHERE run_id = ?)',
}

const withTag = `(run_id IN (SELECT id FROM runs WHERE tag = ?) OR id IN (
  SELECT s.document_id FROM submissions s JOIN runs r ON r.id = s.run_id WHERE r.tag = ?))`

const withWarning = 'warnings IS NOT NULL AND warnings LIKE ?'

const toWhere = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
