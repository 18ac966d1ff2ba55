import type { DatabaseSync } from 'node:sqlite'

/** Older items are not processed again. */
const keptMs = 30 * 86_400_000

/** Number of deaths of the aggregator over an item that it has not finished since. */
export function createDeaths(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const all = sql('SELECT item, deaths FROM deaths')
  const put = sql(`
    INSERT INTO deaths (item, deaths, died_at) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET deaths = excluded.deaths, died_at = excluded.died_at`)
  const remove = sql('DELETE FROM deaths WHERE item = ?')
  const prune = sql('DELETE FROM deaths WHERE died_at < ?')
  const setCounted = sql('UPDATE identity SET counted = ? WHERE counted IS NOT ?')
  return {
    all: (): Map<string, number> =>
      new Map(all.all().map((row) => [String(row['item']), Number(row['deaths'])])),
    /**
     * Records the deaths of the process that called itself `session`; only once, however often it is called. The caller
     * wraps it in a transaction.
     */
    count(session: string, deaths: ReadonlyMap<string, number>, now = Date.now()): void {
      if (setCounted.run(session, session).changes === 0) return
      for (const [item, count] of deaths) put.run(item, count, now)
      prune.run(now - keptMs)
    },
    forget: (item: string): void => void remove.run(item),
  }
}
