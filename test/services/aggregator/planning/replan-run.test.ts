import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { replanOpen } from '../../../../services/aggregator/planning/replan-run.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { makeRequest } from '../../../helpers/ledger/records.ts'

const ids = Array.from({ length: 120 }, (_, n) => `d${n}`)

/** A run of 120 unread documents, and one that waits for the first of them. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  ledger.transaction(() => {
    ledger.runs.add(makeRequest(), 'older')
    for (const id of [...ids, 'twin']) ledger.documents.plan(makePlan(id, { fingerprint: 'older' }))
    ledger.documents.waitFor(firstPass('twin'), 'd0')
  })
  return ledger
}

test('unfinished documents of a run are planned again in batches', (t) => {
  const ledger = setUp(t)
  const pieces = [...replanOpen(ledger, 'r1', 'newer')].map((rows) => rows.length)
  assert.equal(
    pieces.reduce((sum, n) => sum + n, 0),
    ids.length + 1,
  )
  assert.ok(
    pieces.every((n) => n <= 50),
    `${pieces.join()} in a transaction`,
  )
  for (const id of [...ids, 'twin']) {
    const { state, fingerprint, pass } = rowOf(ledger, id)
    assert.deepEqual([state, fingerprint, pass], ['planned', 'newer', 2])
  }
})

test('replanning after a crash plans the rest, and nothing twice', (t) => {
  const ledger = setUp(t)
  for (const rows of replanOpen(ledger, 'r1', 'newer')) if (rows.length === 50) break // Killed.
  assert.ok(ids.some((id) => rowOf(ledger, id).pass === 1))
  assert.equal(ledger.runs.get('r1')?.fingerprint, 'older', 'it is found again')
  for (const rows of replanOpen(ledger, 'r1', 'newer')) assert.ok(rows.length <= 50)
  for (const id of [...ids, 'twin']) {
    const { fingerprint, pass } = rowOf(ledger, id)
    assert.deepEqual([fingerprint, pass], ['newer', 2], id)
  }
})
