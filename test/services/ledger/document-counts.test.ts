import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Ledger } from '../../../services/ledger/ledger.ts'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { makePage, makeRequest } from '../../helpers/ledger/records.ts'

const succeeded = { outcome: 'succeeded', error: null, worker: 'w' } as const
const damaged = { code: 'corrupt_image', message: 'is damaged' }

/** Each step of a document's life, in an order that its state machine permits. */
const steps: readonly ((ledger: Ledger) => unknown)[] = [
  ({ documents }) => ['d1', 'd2', 'd3', 'd4'].map((id) => documents.plan(makePlan(id))),
  ({ documents }) => documents.plan(makePlan('d1')), // It exists.
  ({ documents }) => documents.setRead(firstPass('d1'), succeeded, null),
  ({ documents }) => documents.settle(firstPass('d1'), {}),
  ({ documents }) => documents.rewrite(firstPass('d1'), { txt: '0' }, []),
  ({ documents }) => documents.fail(firstPass('d2'), 'rejected', damaged),
  ({ documents }) => documents.fail(firstPass('d3'), 'rejected', { code: 'unstable', message: '' }),
  ({ documents }) => documents.failOutput(firstPass('d1'), { code: 'output_exists', message: '' }),
  (ledger) => ledger.documents.plan({ ...makePlan('d2'), pass: 2 }, rowOf(ledger, 'd2')),
  ({ documents }) => documents.adopt({ id: 'd2', pass: 2 }, 'r2'),
  ({ documents }) => documents.fail({ id: 'd2', pass: 2 }, 'timeout', damaged),
  ({ documents }) => documents.remove('d2'),
  ({ documents }) => documents.remove('d3'),
]

test('the counts of a run follow each transition, and a rolled back one counts nothing', (t) => {
  const folder = makeFolder(t)
  const ledger = makeLedger(t, folder)
  for (const runId of ['r1', 'r2']) ledger.runs.add(makeRequest({ runId }), 'fp')
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  t.after(() => database.close())
  const counted = database.prepare(`
    SELECT run_id, iif(state = 'final', outcome, '') AS outcome,
      iif(state = 'final', coalesce(error_code, ''), '') AS code, count(*) AS n
    FROM documents GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
  const kept = database.prepare(
    `SELECT run_id, outcome, code, n FROM document_counts WHERE run_id <> '' ORDER BY 1, 2, 3`,
  )
  const total = database.prepare(`
    SELECT coalesce(sum(n), 0) AS n FROM document_counts WHERE run_id = ''
    UNION ALL SELECT count(*) FROM documents`)
  for (const step of steps) {
    const undone = new Error('undone')
    const tried = (): never =>
      ledger.transaction(() => {
        step(ledger)
        throw undone
      })
    assert.throws(tried, undone)
    assert.deepEqual(kept.all(), counted.all())
    step(ledger)
    assert.deepEqual(kept.all(), counted.all(), String(step))
    const [all, rows] = total.all()
    assert.equal(all?.['n'], rows?.['n'])
  }
  assert.deepEqual(Object.fromEntries(ledger.documents.countFinal('r1')), { failed: 1 })
  assert.equal(ledger.documents.countOpen('r1'), 1)
  assert.deepEqual(ledger.documents.countAll(), { failed: 1, open: 1 })
})

test('failures of a run are counted by code, and its newest ones are found', (t) => {
  const { documents } = makeLedger(t)
  const fail = (id: string, code: string): void => {
    documents.plan(makePlan(id))
    documents.fail(firstPass(id), 'rejected', { code, message: id })
  }
  fail('d1', 'corrupt_pdf')
  for (const id of ['d2', 'd3', 'd4']) fail(id, 'corrupt_image')
  fail('d5', 'unstable')
  assert.deepEqual(documents.countFailures('r1'), [
    { code: 'corrupt_image', count: 3 },
    { code: 'corrupt_pdf', count: 1 },
    { code: 'unstable', count: 1 },
  ])
  assert.deepEqual(documents.countFailures('r2'), [])
  const latest = documents.latestFailed('r1', 'corrupt_image', 2).map(({ id }) => id)
  assert.equal(latest.length, 2)
  const turns = (code?: string): string[] =>
    [...documents.failedInTurns('r1', code)].flat().map(({ id }) => id)
  assert.deepEqual(turns('corrupt_image').toSorted(), ['d2', 'd3', 'd4'])
  assert.equal(turns().length, 5)
})

test('a document has the mean confidence of its words until it is planned again', (t) => {
  const ledger = makeLedger(t)
  const { documents, pages, listing } = ledger
  const list = (): string[] =>
    listing.documents({ maxConfidence: 70 }, undefined, 5).documents.map(({ id }) => id)
  documents.plan(makePlan('d1'))
  pages.putResult('d1', makePage({ page: 1, confidence: 90, text: 'one' }))
  pages.putResult('d1', makePage({ page: 2, confidence: 60, text: 'two of three' }))
  pages.putResult('d1', makePage({ page: 3, confidence: 0, text: '', outcome: 'empty' }))
  documents.setRead(firstPass('d1'), succeeded, null)
  assert.deepEqual(list(), ['d1'], 'the mean is 67.5')
  documents.settle(firstPass('d1'), {})
  documents.plan({ ...makePlan('d1'), pass: 2 }, rowOf(ledger, 'd1'))
  assert.deepEqual(list(), [])
})
