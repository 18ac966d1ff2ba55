import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ledgerFile, openLedger } from '../../../services/ledger/ledger.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { input, makePage, makeRequest } from '../../helpers/ledger/records.ts'

test('committed data survives reopening', (t) => {
  const folder = join(makeFolder(t), 'new')
  const first = openLedger(folder)
  first.runs.add(makeRequest(), 'fp')
  first.runs.addPaths('r1', ['b.png', 'a.png'])
  first.documents.plan(makePlan('d1'))
  first.pages.putResult('d1', makePage({ text: 'größe' }))
  first.close()
  const second = makeLedger(t, folder)
  assert.deepEqual(second.runs.get('r1')?.request, makeRequest())
  assert.deepEqual(second.runs.paths('r1'), ['b.png', 'a.png'])
  assert.equal(rowOf(second, 'd1').state, 'planned')
  assert.equal(second.pages.results('d1')[0]?.text, 'größe')
})

test('a ledger of a newer version is rejected and left unchanged', (t) => {
  const folder = makeFolder(t)
  openLedger(folder).close()
  const database = new DatabaseSync(ledgerFile(folder))
  database.exec('PRAGMA user_version = 999')
  database.close()
  assert.throws(() => openLedger(folder), { code: 'configuration', message: /newer Scriptorium/ })
})

test('a damaged ledger is a configuration error, so that its writer is not restarted forever', (t) => {
  const folder = makeFolder(t)
  writeFileSync(ledgerFile(folder), 'not a database, and long enough to be looked at'.repeat(100))
  assert.throws(() => openLedger(folder), {
    code: 'configuration',
    message: /damaged.*npx scriptorium restore/,
  })
})

test('readers can read during writes, and cannot write', (t) => {
  const folder = makeFolder(t)
  const writer = makeLedger(t, folder)
  const reader = openLedger(folder, { readOnly: true })
  t.after(() => reader.close())
  writer.runs.add(makeRequest(), 'fp')
  assert.equal(reader.runs.latest('/out')?.id, 'r1')
  assert.throws(() => reader.runs.end('r1', 'finished', null), /readonly/)
})

test('opening a missing ledger read-only does not create it', (t) => {
  const folder = makeFolder(t)
  assert.throws(() => openLedger(folder, { readOnly: true }))
  assert.equal(existsSync(ledgerFile(folder)), false)
})

test('a failed transaction is rolled back, and the next one works', (t) => {
  const ledger = makeLedger(t)
  const fail = (): void =>
    ledger.transaction(() => {
      ledger.documents.plan(makePlan('d1'))
      throw new Error('half way')
    })
  assert.throws(fail, /half way/)
  assert.equal(ledger.documents.get('d1'), undefined)
  assert.equal(
    ledger.transaction(() => 7),
    7,
  )
})

test('a ledger reports whether it is writable', (t) => {
  const folder = makeFolder(t)
  const ledger = makeLedger(t, folder)
  const reader = openLedger(folder, { readOnly: true })
  t.after(() => reader.close())
  assert.equal(ledger.isWritable(), true)
  assert.equal(
    ledger.transaction(() => ledger.isWritable()),
    true,
  )
  assert.equal(reader.isWritable(), false)
  assert.equal(reader.isWritable(), false, 'asking leaves nothing behind')
})

test('a single finished page of a document can be read', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.pages.putResult('d1', makePage({ page: 2, text: 'two', attempts: 3 }))
  const failure = { page: 3, outcome: 'timeout', attempts: 2, worker: 'w' }
  ledger.pages.putFailure('d1', { ...failure, error: { code: 'page_timeout', message: '' } })
  assert.equal(ledger.pages.result('d1', 2)?.text, 'two')
  assert.equal(ledger.pages.result('d1', 1), undefined)
  assert.equal(ledger.pages.result('d1', 3), undefined)
  const { pages, attempts } = ledger.pages.summary('d1')
  assert.deepEqual({ pages, attempts }, { pages: 1, attempts: 3 })
})

test('planning a document again clears its outcome', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, 3)
  ledger.documents.fail(firstPass('d1'), 'rejected', { code: 'corrupt_image', message: '' })
  ledger.documents.plan(makePlan('d1', { pass: 2 }), rowOf(ledger, 'd1'))
  const { state, outcome, error, pagesTotal: total, finishedAt: at } = rowOf(ledger, 'd1')
  assert.deepEqual([state, outcome, error, total, at], ['planned', null, null, null, null])
})

test('the latest run of an output folder is the one that started last', (t) => {
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest({ runId: 'r1' }), 'fp')
  ledger.runs.end('r1', 'finished', '{}')
  ledger.runs.add(makeRequest({ runId: 'r2', out: '/elsewhere' }), 'fp')
  assert.equal(ledger.runs.latest('/out')?.id, 'r1')
  assert.equal(ledger.runs.latest('/out')?.report, '{}')
  assert.deepEqual(
    ledger.runs.active().map(({ id }) => id),
    ['r2'],
  )
  assert.equal(ledger.runs.latest('/nowhere'), undefined)
})

test('identical documents are found by size and content, with the same recipe only', (t) => {
  const ledger = makeLedger(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, 1)
  assert.equal(ledger.documents.hasSizeOf(3, 'fp', 'd2'), false, 'it is not read yet')
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  assert.equal(ledger.documents.hasSizeOf(3, 'fp', 'd2'), true)
  assert.equal(ledger.documents.hasSizeOf(3, 'fp', 'd1'), false, 'it is itself')
  assert.equal(ledger.documents.hasSizeOf(3, 'other', 'd2'), false)
  assert.equal(ledger.documents.withContent('abc', 'fp', 'd2')?.id, 'd1')
  assert.equal(ledger.documents.withContent('abc', 'other', 'd2'), undefined)
})

test('the confidence of a document leaves blank pages out', (t) => {
  const ledger = makeLedger(t, makeFolder(t))
  ledger.runs.add(makeRequest(), 'fp')
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.plan(makePlan('d2'))
  const { blocks } = makePage({})
  const written = makePage({ page: 1, confidence: 96 })
  assert.ok(blocks.length > 0, 'the page has words')
  ledger.pages.putResult('d1', written)
  const blank = { outcome: 'empty' as const, text: '', blocks: [], confidence: 0 }
  ledger.pages.putResult('d1', makePage({ page: 2, ...blank }))
  assert.equal(ledger.pages.summary('d1').confidence, 96)
  ledger.pages.putResult('d2', makePage({ page: 1, ...blank }))
  assert.deepEqual(
    [ledger.pages.summary('d2').pages, ledger.pages.summary('d2').confidence],
    [1, null],
  )
})
