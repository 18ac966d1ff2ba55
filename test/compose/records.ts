import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { docker } from '../../scripts/tools/bench/compose/engine.ts'

interface DocumentRecord {
  id: string
  path: string
  state: string
  outcome: string
  isUpload: boolean
}

/** The records of a stopped aggregator's ledger: every document, and the number of attempts at each page. */
export async function readLedger(aggregator: string, folder: string) {
  mkdirSync(folder)
  await docker('cp', `${aggregator}:/state/.`, folder)
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'), { readOnly: true })
  try {
    const documents = database
      .prepare('SELECT id, path, state, outcome, is_upload FROM documents')
      .all()
      .map((row) => ({
        id: String(row['id']),
        path: String(row['path']),
        state: String(row['state']),
        outcome: String(row['outcome']),
        isUpload: row['is_upload'] === 1,
      }))
    const attempts = database
      .prepare('SELECT path, attempts FROM pages JOIN documents ON documents.id = document_id')
      .all()
      .map((row) => ({ path: String(row['path']), attempts: Number(row['attempts']) }))
    return { documents, attempts }
  } finally {
    database.close()
  }
}

/** Asserts that there is one final record for each of `paths`, and no other. */
export function assertFinal(documents: readonly DocumentRecord[], paths: readonly string[]): void {
  assert.deepEqual(documents.map(({ path }) => path).toSorted(), paths.toSorted())
  const others = documents.filter(
    ({ state, outcome }) => state !== 'final' || outcome !== 'succeeded',
  )
  assert.deepEqual(others, [])
}
