import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile, openLedger } from '../../../services/ledger/ledger.ts'
import { reviewOfRunSql, reviewSql } from '../../../services/ledger/queries/review.ts'
import { makeFolder } from '../../helpers/folder.ts'

test('the list of pages to check needs no sorting, and neither list passes the results', (t) => {
  const folder = join(makeFolder(t), 'data')
  openLedger(folder).close()
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  t.after(() => database.close())
  const place = { below: 0.9, score: -1, documentId: '', page: 0, limit: 10 }
  const planOf = (sql: string, more: Record<string, string> = {}): string =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all({ ...place, ...more })
      .map(({ detail }) => String(detail))
      .join('; ')
  const all = planOf(reviewSql)
  assert.match(all, /SEARCH p USING INDEX pages_to_review \(/)
  assert.doesNotMatch(all, /TEMP B-TREE|SCAN/)
  assert.match(
    planOf(reviewOfRunSql, { run: 'r1' }),
    /SEARCH p USING INDEX pages_to_review_by_document \(document_id=\? AND score/,
  )
})
