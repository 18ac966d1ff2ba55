import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ledgerFile } from '../../../../services/ledger/ledger.ts'
import { hasFailed } from '../../../../shared/contract/result/outcomes.ts'

/** A document as the checks see it. */
export interface Row {
  id: string
  runId: string
  path: string
  state: string
  /** Empty where it has none. */
  outcome: string
  error: string
  sha256: string
  isUpload: boolean
}

/** Whether a document ended without text. */
export const isFailed = ({ state, outcome }: Row): boolean =>
  state === 'final' && hasFailed(outcome)

/** Reads a ledger from outside, each look with a connection of its own: it may be replaced meanwhile. */
export function createLedgerLook(dataFolder: string) {
  const file = ledgerFile(dataFolder)
  const ask = (sql: string, ...values: string[]): Record<string, unknown>[] => {
    if (!existsSync(file)) return []
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    try {
      return database.prepare(sql).all(...values)
    } finally {
      database.close()
    }
  }
  const count = (sql: string, ...values: string[]): number =>
    Number(ask(sql, ...values)[0]?.['n'] ?? 0)
  return {
    exists: () => existsSync(file),
    /** Documents that an active run or an upload must still read; those of an interrupted run belong to a later one. */
    open: () =>
      count(`
        SELECT count(*) AS n FROM documents d JOIN runs r ON r.id = d.run_id
        WHERE d.state <> 'final' AND (r.state = 'active' OR d.is_upload = 1)`),
    activeRuns: () => count(`SELECT count(*) AS n FROM runs WHERE state = 'active'`),
    final: () => count(`SELECT count(*) AS n FROM documents WHERE state = 'final'`),
    /** Number of these documents that are final. */
    finalOf: (ids: readonly string[]) =>
      count(
        `SELECT count(*) AS n FROM documents WHERE state = 'final' AND id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      ),
    uploads: () => ask('SELECT * FROM documents WHERE is_upload = 1').map(toRow),
    /** The documents of an output folder. */
    of: (out: string) =>
      ask(
        'SELECT d.* FROM documents d JOIN runs r ON r.id = d.run_id WHERE r.out = ? AND d.is_upload = 0',
        out,
      ).map(toRow),
  }
}

const toRow = (row: Record<string, unknown>): Row => {
  const text = (name: string): string => (typeof row[name] === 'string' ? row[name] : '')
  return {
    id: text('id'),
    runId: text('run_id'),
    path: text('path'),
    state: text('state'),
    outcome: text('outcome'),
    error: `${text('error_code')} ${text('error_message')}`.trim(),
    sha256: text('sha256'),
    isUpload: row['is_upload'] === 1,
  }
}
