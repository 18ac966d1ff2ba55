import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { ledgerFile } from '../../../services/ledger/ledger.ts'
import {
  createRecordListing,
  type DocumentFilter,
  type Position,
} from '../../../services/ledger/queries/listing.ts'
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
  const list = (filter: DocumentFilter, after?: Position, limit = 10): string[] =>
    ledger.listing.documents(filter, after, limit).map(({ id }) => id)
  return { ledger, list }
}

test('documents are listed newest first, page by page, each once', (t) => {
  const { ledger, list } = setUp(t)
  assert.deepEqual(list({}), ['d5', 'd4', 'd3', 'd2', 'd1'])
  const seen: string[] = []
  let after: Position | undefined
  for (;;) {
    const page = ledger.listing.documents({}, after, 2)
    const last = page.at(-1)
    if (last === undefined) break
    seen.push(...page.map(({ id }) => id))
    after = { time: last.createdAt, id: last.id }
  }
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

test('rare documents are found by an index, without a full scan', (t) => {
  const folder = makeFolder(t)
  makeLedger(t, folder)
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  t.after(() => database.close())
  const statements: string[] = []
  const listing = createRecordListing({
    prepare(sql: string) {
      statements.push(sql)
      return database.prepare(sql)
    },
  } as DatabaseSync)
  listing.documents({ outcome: 'timeout' }, undefined, 10)
  listing.documents({ isFinal: false }, { time: 1, id: 'd' }, 10)
  listing.documents({ warning: 'text_missed' }, undefined, 10)
  const run = { id: 'r1', source: 'folder' } as const
  listing.documents({ tag: 'red' }, undefined, 10)
  listing.documents({ run, isFinal: false }, { time: 1, id: 'd' }, 10)
  listing.documents({ run, isFinal: true }, undefined, 10)
  const plans = statements.map((sql) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...Array.from({ length: 6 }, () => 1).slice(0, sql.split('?').length - 1)),
  )
  const details = plans.map((steps) => steps.map(({ detail }) => String(detail)).join('; '))
  assert.match(details[0] ?? '', /USING INDEX documents_by_outcome \(outcome=\?\)$/)
  assert.match(details[1] ?? '', /USING INDEX documents_open_by_time\b[^;]*$/)
  assert.match(details[2] ?? '', /USING INDEX documents_warned_by_time\b[^;]*$/)
  // Each is counted before it is listed, and neither step passes documents that do not match.
  const ofSets = details.slice(3)
  assert.equal(ofSets.length, 6)
  for (const detail of ofSets) assert.doesNotMatch(detail, /SCAN documents|documents_by_time/)
  assert.match(ofSets[1] ?? '', /SEARCH documents USING PRIMARY KEY/)
})
