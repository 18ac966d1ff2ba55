import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import type { DocumentFilter } from '../../../services/ledger/queries/document-filter.ts'
import { createRecordListing, type Position } from '../../../services/ledger/queries/listing.ts'
import type { RunRequest } from '../../../shared/contract/messages/run-request.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan } from '../../helpers/ledger/ledger.ts'
import { makePage, makeRequest, makeUploadRequest } from '../../helpers/ledger/records.ts'

const tagged = (tag: string | null): Pick<RunRequest, 'labels'> => ({
  labels: { tag, metadata: {} },
})

/**
 * A folder run r1 with d1, d2 and d3, and two uploads: u1 (`red`) with d4 and d5, u2 (`blue`) with d5 and d1. The
 * documents came in that order, d2 and d3 in the same millisecond.
 */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') })
  const ledger = makeLedger(t)
  const { documents, runs, submissions } = ledger
  const tick = (): void => t.mock.timers.tick(1_000)
  runs.add(makeRequest({ runId: 'r1' }), 'fp')
  documents.plan(makePlan('d1'))
  tick()
  documents.plan(makePlan('d2'))
  documents.plan(makePlan('d3'))
  runs.add(makeUploadRequest({ runId: 'u1', ...tagged('red') }), 'fp')
  runs.add(makeUploadRequest({ runId: 'u2', ...tagged('blue') }), 'fp')
  for (const id of ['d4', 'd5']) {
    tick()
    documents.planUpload({ ...makePlan(id, { runId: 'u1' }), sha256: id, mediaType: 'image/png' })
    submissions.add('u1', id, id)
  }
  submissions.add('u2', 'd5', 'd5')
  submissions.add('u2', 'd1', 'd1')
  documents.setRead(firstPass('d1'), { outcome: 'succeeded', error: null, worker: 'w' }, null)
  documents.settle(firstPass('d1'), {})
  documents.fail(firstPass('d4'), 'rejected', { code: 'corrupt_image', message: '' })
  runs.end('r1', 'finished', null)
  const list = (filter: DocumentFilter, after?: Position<number>, limit = 10): string[] =>
    ledger.listing.documents(filter, after, limit).documents.map(({ id }) => id)
  return { ledger, list }
}

test('documents are listed newest first, page by page, each once', (t) => {
  const { ledger, list } = setUp(t)
  assert.deepEqual(list({}), ['d5', 'd4', 'd3', 'd2', 'd1'])
  const seen: string[] = []
  let after: Position<number> | undefined
  do {
    const { documents, next } = ledger.listing.documents({}, after, 2)
    seen.push(...documents.map(({ id }) => id))
    after = next
  } while (after !== undefined)
  assert.deepEqual(seen, ['d5', 'd4', 'd3', 'd2', 'd1'])
})

test('documents are filtered by outcome and by state', (t) => {
  const { list } = setUp(t)
  assert.deepEqual(list({ outcome: 'rejected' }), ['d4'])
  assert.deepEqual(list({ isFinal: true }), ['d4', 'd1'])
  assert.deepEqual(list({ isFinal: false }), ['d5', 'd3', 'd2'])
  assert.deepEqual(list({ isFinal: false, outcome: 'rejected' }), [])
})

test('documents are filtered by a warning of one of their pages', (t) => {
  const { ledger, list } = setUp(t)
  const warnings = [{ code: 'text_missed', message: '9 %' } as const]
  for (const page of [1, 2]) ledger.pages.putResult('d3', makePage({ page, warnings }))
  ledger.documents.setRead(
    firstPass('d3'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  assert.deepEqual(list({ warning: 'text_missed' }), ['d3'])
  assert.deepEqual(list({ warning: 'text_missed', outcome: 'empty' }), [])
  assert.deepEqual(list({ warning: 'reading_given_up' }), [])
})

test('a folder run lists the documents that it planned, an upload those that it contains', (t) => {
  const { list } = setUp(t)
  assert.deepEqual(list({ run: { id: 'r1', source: 'folder' } }), ['d3', 'd2', 'd1'])
  assert.deepEqual(list({ run: { id: 'u2', source: 'upload' } }), ['d5', 'd1'])
  assert.deepEqual(list({ run: { id: 'u2', source: 'folder' } }), [])
})

test('a document has the tag of every upload that contains it', (t) => {
  const { ledger, list } = setUp(t)
  assert.deepEqual(list({ tag: 'red' }), ['d5', 'd4'])
  assert.deepEqual(list({ tag: 'blue' }), ['d5', 'd1'])
  assert.deepEqual(list({ tag: 'green' }), [])
  ledger.runs.add(makeRequest({ runId: 'r2', ...tagged('green') }), 'fp')
  ledger.documents.plan(makePlan('d6', { runId: 'r2' }))
  assert.deepEqual(list({ tag: 'green' }), ['d6'])
})

test('filters, cursor and limit can be combined', (t) => {
  const { list } = setUp(t)
  const after = { time: Date.parse('2026-01-01T00:00:01Z'), id: 'd3' }
  assert.deepEqual(list({ run: { id: 'r1', source: 'folder' } }, after), ['d2', 'd1'])
  assert.deepEqual(list({ run: { id: 'r1', source: 'folder' }, isFinal: false }, after), ['d2'])
  assert.deepEqual(list({ run: { id: 'r1', source: 'folder' } }, after, 1), ['d2'])
})

test('runs are listed newest first, filtered by state, source and tag', (t) => {
  const { ledger } = setUp(t)
  const list = (...given: Parameters<typeof ledger.listing.runs>): string[] =>
    ledger.listing.runs(...given).map(({ id }) => id)
  assert.deepEqual(list({}, undefined, 10), ['u2', 'u1', 'r1'])
  assert.deepEqual(list({}, undefined, 1), ['u2'])
  assert.deepEqual(list({}, { time: '2026-01-01T00:00:01.000Z', id: 'u2' }, 10), ['u1', 'r1'])
  assert.deepEqual(list({ state: 'active' }, undefined, 10), ['u2', 'u1'])
  assert.deepEqual(list({ source: 'folder' }, undefined, 10), ['r1'])
  assert.deepEqual(list({ source: 'upload', tag: 'red' }, undefined, 10), ['u1'])
  assert.deepEqual(list({ state: 'finished', tag: 'red' }, undefined, 10), [])
})

test('documents are filtered by name, error code, confidence and time', (t) => {
  const { ledger, list } = setUp(t)
  assert.deepEqual(list({ code: 'corrupt_image' }), ['d4'])
  assert.deepEqual(list({ code: 'corrupt_pdf' }), [])
  assert.deepEqual(list({ since: Date.parse('2026-01-01T00:00:02Z') }), ['d5', 'd4'])
  assert.deepEqual(list({ before: Date.parse('2026-01-01T00:00:01Z') }), ['d1'])
  for (const [id, confidence] of [
    ['d2', 60],
    ['d3', 80],
  ] as const) {
    ledger.pages.putResult(id, makePage({ confidence }))
    ledger.documents.setRead(
      firstPass(id),
      { outcome: 'succeeded', error: null, worker: 'w' },
      null,
    )
  }
  assert.deepEqual(list({ maxConfidence: 70 }), ['d2'])
  assert.deepEqual(list({ maxConfidence: 80 }), ['d3', 'd2'])
  assert.deepEqual(list({ maxConfidence: 80, run: { id: 'r1', source: 'folder' } }), ['d3', 'd2'])
  ledger.documents.plan(makePlan('d6', { path: '2026/100 %_Invoice.png' }))
  assert.deepEqual(list({ name: 'invoice' }), ['d6'])
  assert.deepEqual(list({ name: '0 %_' }), ['d6'])
  assert.deepEqual(list({ name: '%' }), ['d6'], 'no wildcard')
  assert.deepEqual(list({ name: 'invoice', outcome: 'failed' }), [])
  assert.deepEqual(list({ name: 'invoice', tag: 'red' }), [])
})

test('a page whose time is over ends early, and the next one continues', (t) => {
  const folder = makeFolder(t)
  const ledger = makeLedger(t, folder)
  const { documents } = ledger
  ledger.transaction(() => {
    for (let index = 0; index < 2_500; index += 1) documents.plan(makePlan(`d${index}`))
  })
  documents.plan(makePlan('last', { path: 'wanted.png' }))
  const database = new DatabaseSync(ledgerFile(folder))
  t.after(() => database.close())
  database.exec(`UPDATE documents SET created_at = 1 WHERE id = 'last'`)
  const listing = createRecordListing(database, undefined, 0)
  const filter = { isFinal: false, name: 'wanted' }
  const found: string[] = []
  let pages = 0
  let after: Position<number> | undefined
  do {
    const page = listing.documents(filter, after, 5)
    found.push(...page.documents.map(({ id }) => id))
    after = page.next
    pages += 1
  } while (after !== undefined)
  assert.deepEqual(found, ['last'])
  assert.equal(pages, 3)
})

test('every list is found by an index, without passing documents of others', (t) => {
  const folder = makeFolder(t)
  makeLedger(t, folder)
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  t.after(() => database.close())
  const run = { id: 'r1', source: 'folder' } as const
  const upload = { id: 'u1', source: 'upload' } as const
  const after = { time: 1, id: 'd' }
  const planOf = (filter: DocumentFilter, from: Position<number> | undefined): string => {
    const statements: string[] = []
    const listing = createRecordListing({
      prepare(sql: string) {
        statements.push(sql)
        return database.prepare(sql)
      },
    } as DatabaseSync)
    listing.documents(filter, from, 10)
    const plans = statements.map((sql) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from({ length: sql.split('?').length - 1 }, () => 1)),
    )
    return plans.map((steps) => steps.map(({ detail }) => String(detail)).join('; ')).join('\n')
  }
  const expected: [DocumentFilter, RegExp][] = [
    [{}, /USING COVERING INDEX documents_by_time|USING INDEX documents_by_time/],
    [{ outcome: 'timeout' }, /USING INDEX documents_by_outcome \(outcome=\?/],
    [{ isFinal: false }, /USING INDEX documents_open_by_time/],
    [{ warning: 'text_missed' }, /USING INDEX documents_warned_by_time/],
    [{ run }, /USING INDEX documents_of_run \(run_id=\?/],
    [{ run, outcome: 'timeout' }, /USING INDEX documents_by_run \(run_id=\? AND outcome=\?/],
    [{ run, code: 'corrupt_image' }, /USING INDEX documents_failed \(run_id=\? AND error_code=\?/],
    [{ run, isFinal: false }, /documents_open \(run_id=\?/],
    [{ run, isFinal: true }, /documents_by_run \(run_id=\?/],
    [{ run: upload }, /submissions/],
    [{ tag: 'red' }, /runs_by_tag/],
    [{ maxConfidence: 50 }, /documents_by_confidence \(confidence>\?/],
    [{ name: 'a' }, /USING COVERING INDEX documents_by_time/],
  ]
  for (const [filter, index] of expected) {
    for (const from of [undefined, after]) {
      const plan = planOf(filter, from)
      assert.match(plan, index, JSON.stringify(filter))
      // The few that a set finds are sorted; a list in the order of an index is not.
      if (!/SEARCH d USING PRIMARY KEY/.test(plan)) assert.doesNotMatch(plan, /TEMP B-TREE/)
      assert.doesNotMatch(plan, /SCAN documents(?! USING)/, JSON.stringify(filter))
    }
  }
})

test('every list of runs is found by an index, in its order', (t) => {
  const folder = makeFolder(t)
  makeLedger(t, folder)
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  t.after(() => database.close())
  const expected = [
    [{}, 'runs_by_time'],
    [{ state: 'active' }, 'runs_by_state'],
    [{ source: 'folder' }, 'runs_by_source'],
    [{ state: 'active', source: 'upload' }, 'runs_by_state'],
    [{ state: 'finished', source: 'folder' }, 'runs_by_source'],
    [{ tag: 'red', state: 'finished', source: 'folder' }, 'runs_by_tag'],
  ] as const
  for (const [filter, index] of expected) {
    let sql = ''
    const listing = createRecordListing({
      prepare: (text: string) => database.prepare((sql = text)),
    } as DatabaseSync)
    listing.runs(filter, { time: '', id: '' }, 10)
    const given = Array.from({ length: sql.split('?').length - 1 }, () => 'x')
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...given)
    const plan = steps.map(({ detail }) => String(detail)).join('; ')
    assert.match(plan, new RegExp(String.raw`^SEARCH runs USING INDEX ${index} \([^;]*$`), sql)
  }
})
