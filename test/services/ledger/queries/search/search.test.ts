import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { ledgerFile, openLedger, type Ledger } from '../../../../../services/ledger/ledger.ts'
import { createSearch } from '../../../../../services/ledger/queries/search/search.ts'
import { makeFolder } from '../../../../helpers/folder.ts'
import { firstPass, makePlan } from '../../../../helpers/ledger/ledger.ts'
import { makePage } from '../../../../helpers/ledger/records.ts'

function open(t: TestContext, folder = makeFolder(t), isSearchable = true): Ledger {
  const ledger = openLedger(folder, { isSearchable })
  t.after(() => ledger.close())
  return ledger
}

/** Enters a document whose pages have these texts and that has ended. */
function addFinal(ledger: Ledger, id: string, ...texts: string[]): void {
  ledger.documents.plan(makePlan(id))
  texts.forEach((text, index) =>
    ledger.pages.putResult(id, makePage({ text, blocks: [], page: index + 1 })),
  )
  end(ledger, id)
}

function end(ledger: Ledger, id: string): void {
  ledger.documents.setRead(firstPass(id), { outcome: 'succeeded', error: null, worker: 'w' }, null)
  ledger.documents.settle(firstPass(id), {})
}

const find = (ledger: Ledger, match: string): string[] =>
  ledger.search
    .find({ match, limit: 10, offset: 0 })
    .map(({ documentId, page }) => `${documentId}/${page}`)

const withDatabase = <T>(folder: string, look: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(ledgerFile(folder), { readOnly: true })
  try {
    return look(database)
  } finally {
    database.close()
  }
}

const ids = (folder: string, table: string, column: string): unknown[] =>
  withDatabase(folder, (database) =>
    database
      .prepare(`SELECT ${column} AS id FROM ${table} ORDER BY 1`)
      .all()
      .map((row) => row['id']),
  )

/** Asserts that the index holds the pages that have a result and no row of a page that is gone. */
function assertIndexFollowsPages(folder: string): void {
  const indexed = ids(folder, 'page_texts_docsize', 'id')
  assert.deepEqual(indexed, ids(folder, 'pages WHERE result IS NOT NULL', 'rowid'))
}

test('pages are found by their words, ignoring case and accents', (t) => {
  const ledger = open(t)
  addFinal(ledger, 'd1', 'nothing here', 'Größe und Gewicht')
  addFinal(ledger, 'd2', 'Gewicht')
  assert.deepEqual(find(ledger, '"GROßE"'), ['d1/2'])
  assert.deepEqual(find(ledger, '"grosse"'), [])
  assert.deepEqual(find(ledger, '"gro" *'), ['d1/2'])
  assert.deepEqual(find(ledger, '"gewicht" NOT "große"'), ['d2/1'])
})

test('pages that match exactly precede those that only match with a misread letter', (t) => {
  const ledger = open(t)
  addFinal(ledger, 'd1', 'invoice')
  addFinal(ledger, 'd2', 'invoicc invoicc')
  for (const other of ['d3', 'd4', 'd5']) addFinal(ledger, other, 'invoice of much more text')
  const wanted = { match: '"invoice" OR "invoicc"', limit: 10, offset: 0 }
  const ids = (exact?: string) =>
    ledger.search
      .find({ ...wanted, ...(exact !== undefined && { exact }) })
      .map(({ documentId }) => documentId)
  assert.equal(ids()[0], 'd2', 'a rare word ranks higher')
  assert.deepEqual(ids('"invoice"'), ['d1', 'd3', 'd4', 'd5', 'd2'])
})

test('a reader can look up whether a token is in the index', (t) => {
  const folder = makeFolder(t)
  addFinal(open(t, folder), 'd1', 'one 図書館 solu-\ntion')
  const reader = openLedger(folder, { readOnly: true })
  t.after(() => reader.close())
  const tokens = ['one', '図書', '館', 'solu', 'solution', 'on', 'two', '']
  assert.deepEqual(
    tokens.filter((token) => reader.search.hasToken(token)),
    ['one', '図書', '館', 'solu', 'solution'],
  )
})

test('only pages of ended and unexpired documents are found', (t) => {
  const ledger = open(t)
  ledger.documents.planUpload({ ...makePlan('d1'), sha256: 'abc', mediaType: 'image/png' })
  ledger.pages.putResult('d1', makePage({ text: 'early' }))
  assert.deepEqual(find(ledger, 'early'), [], 'it is planned')
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  assert.deepEqual(find(ledger, 'early'), [], 'its files are not written')
  ledger.documents.settle(firstPass('d1'), {})
  assert.deepEqual(find(ledger, 'early'), ['d1/1'])
  ledger.documents.expire('d1')
  assert.deepEqual(find(ledger, 'early'), [])
})

test('the best page comes first, then the older of equals, and pagination has no gaps', (t) => {
  const ledger = open(t)
  addFinal(ledger, 'd1', 'fox and much else that makes the page longer')
  addFinal(ledger, 'd2', 'fox fox')
  addFinal(ledger, 'd3', 'a fox')
  addFinal(ledger, 'd4', 'a fox')
  for (const other of ['d5', 'd6', 'd7', 'd8', 'd9']) addFinal(ledger, other, 'others say nothing')
  assert.deepEqual(find(ledger, 'fox'), ['d2/1', 'd3/1', 'd4/1', 'd1/1'])
  const ranks = ledger.search.find({ match: 'fox', limit: 10, offset: 0 }).map(({ rank }) => rank)
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
  )
  const part = ledger.search.find({ match: 'fox', limit: 2, offset: 1 })
  assert.deepEqual(
    part.map(({ documentId }) => documentId),
    ['d3', 'd4'],
  )
})

test('if too many pages match, the newest are ranked', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  for (const id of ['d1', 'd2', 'd3', 'd4']) addFinal(ledger, id, id === 'd2' ? 'fox fox' : 'a fox')
  const found = withDatabase(folder, (database) =>
    createSearch(database, { maxRanked: 3 }).find({ match: 'fox', limit: 10, offset: 0 }),
  )
  assert.deepEqual(
    found.map(({ documentId }) => documentId),
    ['d2', 'd3', 'd4'],
  )
})

test('a reader can search, including pages written meanwhile', (t) => {
  const folder = makeFolder(t)
  const writer = open(t, folder)
  const reader = openLedger(folder, { readOnly: true })
  t.after(() => reader.close())
  addFinal(writer, 'd1', 'first')
  assert.deepEqual(find(reader, 'first'), ['d1/1'])
  addFinal(writer, 'd2', 'second')
  assert.deepEqual(find(reader, 'second'), ['d2/1'])
  writer.pages.clear('d1')
  assert.deepEqual(find(reader, 'first'), [])
})

test('a page that is read twice is found once, by its first reading', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  addFinal(ledger, 'd1', 'first')
  ledger.pages.putResult('d1', makePage({ text: 'second' }))
  assert.deepEqual(find(ledger, 'first'), ['d1/1'])
  assert.deepEqual(find(ledger, 'second'), [])
  assertIndexFollowsPages(folder)
})

test('a failed page is found after its successful retry', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  const error = { code: 'page_timeout', message: 'late' }
  ledger.documents.plan(makePlan('d1'))
  ledger.pages.putFailure('d1', { page: 1, outcome: 'timeout', error, attempts: 1, worker: 'w' })
  assertIndexFollowsPages(folder)
  ledger.pages.putResult('d1', makePage({ text: 'late' }))
  end(ledger, 'd1')
  assert.deepEqual(find(ledger, 'late'), ['d1/1'])
  assertIndexFollowsPages(folder)
})

test('a cleared page is not found, and its replacement is found by its own words', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  addFinal(ledger, 'd1', 'kept')
  addFinal(ledger, 'd2', 'old words', 'more old words')
  const before = ids(folder, 'pages', 'rowid')
  ledger.pages.clear('d2')
  assertIndexFollowsPages(folder)
  addFinal(ledger, 'd3', 'new', 'other')
  assert.deepEqual(ids(folder, 'pages', 'rowid'), before, 'SQLite gives the same rowids again')
  assert.deepEqual(find(ledger, 'old'), [])
  assert.deepEqual(find(ledger, 'new'), ['d3/1'])
  assert.deepEqual(find(ledger, 'kept'), ['d1/1'])
})

test('a duplicate is found by the words of its original and no longer by its own', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  addFinal(ledger, 'd1', 'one', 'two')
  addFinal(ledger, 'd2', 'stale')
  ledger.pages.copy('d1', 'd2')
  assert.deepEqual(find(ledger, 'two'), ['d1/2', 'd2/2'])
  assert.deepEqual(find(ledger, 'stale'), [])
  assertIndexFollowsPages(folder)
  ledger.pages.copy('d1', 'd2')
  assert.deepEqual(find(ledger, 'one'), ['d1/1', 'd2/1'])
  assertIndexFollowsPages(folder)
})

test('a rolled-back transaction leaves no words in the index', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder)
  addFinal(ledger, 'd1', 'kept')
  const fail = (): void =>
    ledger.transaction(() => {
      addFinal(ledger, 'd2', 'lost')
      ledger.pages.clear('d1')
      throw new Error('half way')
    })
  assert.throws(fail, /half way/)
  assert.deepEqual(find(ledger, 'lost'), [])
  assert.deepEqual(find(ledger, 'kept'), ['d1/1'])
  assertIndexFollowsPages(folder)
})

test('a ledger opened without search indexes nothing', (t) => {
  const folder = makeFolder(t)
  const ledger = open(t, folder, false)
  addFinal(ledger, 'd1', 'text')
  ledger.pages.copy('d1', 'd2')
  ledger.pages.clear('d1')
  assert.deepEqual(ids(folder, 'page_texts_docsize', 'id'), [])
  assert.deepEqual(find(ledger, 'text'), [])
  assert.equal(ledger.pages.indexMissing(10), false)
  assert.deepEqual(ids(folder, 'page_texts_docsize', 'id'), [])
})

test('an existing index is maintained by every writer', (t) => {
  const folder = makeFolder(t)
  const first = openLedger(folder, { isSearchable: true })
  addFinal(first, 'd1', 'old')
  addFinal(first, 'd2', 'older')
  first.close()
  const ledger = open(t, folder, false)
  ledger.pages.clear('d2')
  addFinal(ledger, 'd3', 'new')
  assert.deepEqual(find(ledger, 'older'), [])
  assert.deepEqual(find(ledger, 'new'), ['d3/1'])
  assertIndexFollowsPages(folder)
})

test('pages read before the ledger was searchable are indexed later, in batches', (t) => {
  const folder = makeFolder(t)
  const first = openLedger(folder)
  addFinal(first, 'd1', 'one', 'two')
  addFinal(first, 'd2', 'three')
  const error = { code: 'page_timeout', message: 'late' }
  first.pages.putFailure('d2', { page: 2, outcome: 'timeout', error, attempts: 1, worker: 'w' })
  first.close()
  const ledger = open(t, folder)
  addFinal(ledger, 'd3', 'four')
  assert.equal(ledger.pages.indexMissing(3), true)
  assert.equal(ledger.pages.indexMissing(3), false)
  assert.deepEqual(find(ledger, 'one OR two OR three OR four').toSorted(), [
    'd1/1',
    'd1/2',
    'd2/1',
    'd3/1',
  ])
  assertIndexFollowsPages(folder)
  assert.equal(ledger.pages.indexMissing(3), false)
})
