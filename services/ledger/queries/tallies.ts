import type { DatabaseSync } from 'node:sqlite'

/** Pages recorded, or documents ended, with one outcome in one minute. */
export interface Tally {
  /** Minutes since 1970. */
  minute: number
  kind: 'page' | 'document'
  outcome: string
  count: number
}

const minuteMs = 60_000
/** Minutes are kept for a day, and for the hour that is not over. */
const keptMinutes = 25 * 60

/**
 * Numbers for charts: pages and documents of each minute of the last day, by outcome, and of all time. They are written
 * in the transactions that record the pages and end the documents, so none is counted twice or forgotten.
 */
export function createTallies(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const since = sql(
    'SELECT minute, kind, outcome, count FROM tallies WHERE minute >= ? ORDER BY minute',
  )
  const totals = sql(`
    SELECT 0 AS minute, kind, outcome, sum(count) AS count FROM tallies GROUP BY kind, outcome`)
  const anyOld = sql('SELECT 1 FROM tallies WHERE minute > 0 AND minute < ? LIMIT 1')
  const fold = sql(`
    INSERT INTO tallies
      SELECT 0, kind, outcome, sum(count) FROM tallies WHERE minute > 0 AND minute < ? GROUP BY kind, outcome
      ON CONFLICT DO UPDATE SET count = count + excluded.count`)
  const prune = sql('DELETE FROM tallies WHERE minute > 0 AND minute < ?')
  return {
    /** From a minute on, in their order. */
    since: (minute: number) => since.all(Math.max(1, minute)) as unknown as Tally[],
    /** Of all time. They never decrease. */
    totals: () => totals.all() as unknown as Tally[],
    /** Adds the minutes before the last day to minute 0; the caller wraps it in a transaction. */
    fold(now = Date.now()): void {
      const before = Math.floor(now / minuteMs) - keptMinutes
      if (anyOld.get(before) === undefined) return
      fold.run(before)
      prune.run(before)
    },
  }
}
