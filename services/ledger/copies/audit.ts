import { DatabaseSync } from 'node:sqlite'
import { integrityProblems } from './copy.ts'
import { ledgerFile } from '../ledger.ts'

/** Findings about a whole ledger that no single record shows. */
export interface Audit {
  /** SQLite's findings: damaged pages, broken constraints, an index that does not match its table. */
  damage: string[]
  /** Missing documents that have pages. */
  pagesOfNobody: string[]
  /** SQLite's findings about the full-text index alone, which can be rebuilt. */
  textDamage: string[]
  /** Rows of the full-text index without a page: a search would return other texts. */
  staleTexts: number
  /** Documents whose run is missing, so that their output cannot be written. */
  withoutRun: string[]
  /** All documents of folder runs with their output folder, and all kept uploads, by path. */
  documents: { id: string; out: string }[]
}

/** Reads a whole ledger, even while it is written: its findings belong to one snapshot. */
export function auditLedger(folder: string): Audit {
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true, timeout: 5_000 })
  try {
    const ids = (text: string): string[] =>
      database
        .prepare(text)
        .all()
        .map((row) => String(row['id']))
    database.exec('BEGIN')
    const problems = integrityProblems(database)
    const textDamage = problems.filter((line) => line.includes('page_texts'))
    const damage = problems.filter((line) => !line.includes('page_texts'))
    if (damage.length > 0) {
      return { damage, textDamage, pagesOfNobody: [], staleTexts: 0, withoutRun: [], documents: [] }
    }
    const stale = database.prepare(`
      SELECT count(*) AS n FROM page_texts_docsize WHERE id NOT IN (SELECT rowid FROM pages WHERE result IS NOT NULL)`)
    return {
      damage,
      textDamage,
      pagesOfNobody: ids(`
        SELECT DISTINCT document_id AS id FROM pages WHERE document_id NOT IN (SELECT id FROM documents)`),
      staleTexts: Number(stale.get()?.['n']),
      withoutRun: ids('SELECT id FROM documents WHERE run_id NOT IN (SELECT id FROM runs)'),
      documents: database
        .prepare(`
          SELECT d.id, CASE d.is_upload WHEN 1 THEN '' ELSE r.out END AS out
          FROM documents d JOIN runs r ON r.id = d.run_id WHERE d.expired_at IS NULL ORDER BY d.path`)
        .all()
        .map((row) => ({ id: String(row['id']), out: String(row['out']) })),
    }
  } finally {
    database.close()
  }
}

/**
 * Empties the full-text index: an aggregator with search rebuilds it from the pages when it starts. For a ledger that
 * no aggregator has open.
 */
export function emptyTexts(folder: string): void {
  const database = new DatabaseSync(ledgerFile(folder), { timeout: 5_000 })
  try {
    database.exec(`INSERT INTO page_texts (page_texts) VALUES ('delete-all')`)
  } finally {
    database.close()
  }
}
