import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { toDocument, type Document } from '../document.ts'
import { createRunReader, type Run, type RunReader } from '../runs.ts'
import {
  orderOf,
  setsOf,
  type Condition,
  type DocumentFilter,
  type DocumentSet,
} from './document-filter.ts'

/** Start of a page of a list: just after this entry. */
export interface Position<Time = number | string> {
  time: Time
  id: string
}

interface RunFilter {
  state?: string
  source?: string
  tag?: string
}

/** One page of a list of documents. */
interface DocumentPage {
  documents: Document[]
  /** Start of the next page; undefined at the end of the list. */
  next: Position<number> | undefined
}

/**
 * A list by time passes all documents that do not match: with a million documents and few matches, for a second. Up to
 * this many matches are found by an index and sorted instead; more of them are soon found by time.
 */
const maxSorted = 5_000
/** A page that is not full after this time ends there: the next one continues, and the process has others to answer. */
const defaultBudgetMs = 60

type Values = SQLInputValue[]

/** Lists for people and programs: newest first, one page at a time. */
export function createRecordListing(
  database: DatabaseSync,
  toRun: RunReader = createRunReader(),
  budgetMs = defaultBudgetMs,
) {
  const statements = new Map<string, StatementSync>()
  const all = (sql: string, values: Values) => {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    return statement.all(...values)
  }
  const isFew = ({ ids: { sql, values } }: DocumentSet): boolean => {
    const [counted] = all(`SELECT count(*) AS n FROM (${sql} LIMIT ?)`, [...values, maxSorted + 1])
    return Number(counted?.['n']) <= maxSorted
  }

  /** All matches are found by an index, and sorted. */
  const sorted = (
    { ids, others }: DocumentSet,
    after: Position<number> | undefined,
    limit: number,
  ): DocumentPage => {
    const where = join([
      { sql: `d.id IN (${ids.sql})`, values: ids.values },
      ...others,
      ...beyond('+created_at', after),
    ])
    const sql = `SELECT * FROM documents d ${where.sql} ORDER BY +created_at DESC, id DESC LIMIT ?`
    return toPage(all(sql, [...where.values, limit + 1]).map(toDocument), limit)
  }

  /** Passes the documents in the order of an index, some at a time, until the page is full or the time is over. */
  const scanned = (
    filter: DocumentFilter,
    after: Position<number> | undefined,
    limit: number,
  ): DocumentPage => {
    const { index, within, columns, others, atATime } = orderOf(filter)
    const rest = join(others)
    const found: Document[] = []
    const deadline = performance.now() + budgetMs
    let from = after
    for (;;) {
      const missing = limit + 1 - found.length
      const size = others.length === 0 ? missing : atATime
      const where = join([...within, ...beyond('created_at', from)])
      const order = `FROM documents INDEXED BY ${index} ${where.sql} ORDER BY created_at DESC, id DESC`
      const some = `SELECT ${columns} ${order} LIMIT ?`
      const sql =
        columns === '*'
          ? `SELECT * FROM (${some}) d ${rest.sql} LIMIT ?`
          : `SELECT d.* FROM (${some}) s CROSS JOIN documents d ON d.id = s.id ${rest.sql} LIMIT ?`
      found.push(...all(sql, [...where.values, size, ...rest.values, missing]).map(toDocument))
      if (found.length > limit) return toPage(found, limit)
      const seen = `SELECT created_at, id ${order} LIMIT 1 OFFSET ?`
      const [last] = all(seen, [...where.values, size - 1])
      if (last === undefined) return toPage(found, limit)
      from = { time: Number(last['created_at']), id: String(last['id']) }
      if (performance.now() > deadline) return { documents: found, next: from }
    }
  }

  return {
    /** A page may hold fewer documents than `limit` although another one follows: these were found in time. */
    documents(
      filter: DocumentFilter,
      after: Position<number> | undefined,
      limit: number,
    ): DocumentPage {
      const few = setsOf(filter).find(isFew)
      return few === undefined ? scanned(filter, after, limit) : sorted(few, after, limit)
    },
    runs({ state, source, tag }: RunFilter, after: Position | undefined, limit: number): Run[] {
      const where: string[] = []
      const values: Values = []
      // With a sign SQLite takes another index: most runs are finished ones, and most are uploads.
      const hidden = source !== undefined && state === 'finished' ? 'state' : 'source'
      for (const [column, value] of Object.entries({ state, source, tag })) {
        if (value === undefined) continue
        const isHidden = column === hidden && state !== undefined
        where.push(`${isHidden || (tag !== undefined && column !== 'tag') ? '+' : ''}${column} = ?`)
        values.push(value)
      }
      if (after !== undefined) {
        where.push('(started_at, id) < (?, ?)')
        values.push(after.time, after.id)
      }
      const conditions = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
      const sql = `SELECT * FROM runs ${conditions} ORDER BY started_at DESC, id DESC LIMIT ?`
      const rows = all(sql, [...values, limit])
      return rows.flatMap((row) => toRun(row) ?? [])
    },
  }
}

/** A page of documents of which there may be one too many. */
function toPage(found: readonly Document[], limit: number): DocumentPage {
  const documents = found.slice(0, limit)
  const last = documents.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { documents, next: hasMore ? { time: last.createdAt, id: last.id } : undefined }
}

const beyond = (time: string, after: Position | undefined): Condition[] =>
  after === undefined ? [] : [{ sql: `(${time}, id) < (?, ?)`, values: [after.time, after.id] }]

function join(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '', values: [] }
  return {
    sql: `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
    values: conditions.flatMap(({ values }) => values),
  }
}
