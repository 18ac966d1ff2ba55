import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Plan } from '../../../services/ledger/document.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { input } from '../../helpers/ledger/records.ts'

const error = { code: 'corrupt_image', message: 'is damaged' }
const read = { outcome: 'succeeded', error: null, worker: 'w' } as const

function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  const { documents } = ledger
  const upload = (id: string, sha256: string, given: Partial<Plan> = {}): boolean =>
    documents.planUpload({ ...makePlan(id, given), sha256, mediaType: 'image/png' })
  return { ledger, documents, upload }
}

test('an upload has its hash and media type before it is read, a file of a folder does not', (t) => {
  const { ledger, documents, upload } = setUp(t)
  documents.plan(makePlan('d1'))
  upload('d2', 'abc')
  const folder = rowOf(ledger, 'd1')
  assert.deepEqual([folder.origin, folder.sha256, folder.mediaType], ['folder', null, null])
  const { origin, sha256, mediaType, createdAt: at } = rowOf(ledger, 'd2')
  assert.deepEqual([origin, sha256, mediaType], ['upload', 'abc', 'image/png'])
  assert.ok(Math.abs(Date.now() - at) < 60_000)
})

test('a replanned upload is no longer expired, and keeps its age', (t) => {
  const { ledger, documents, upload } = setUp(t)
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  upload('d1', 'abc')
  documents.fail(firstPass('d1'), 'rejected', error)
  documents.expire('d1')
  t.mock.timers.tick(5_000)
  upload('d1', 'abc', { pass: 2 })
  const { state, expiredAt, createdAt: at, outcome, pass } = rowOf(ledger, 'd1')
  assert.deepEqual([state, expiredAt, at, outcome, pass], ['planned', null, 1_000_000, null, 2])
})

test('open documents of a run are the planned and waiting ones, optionally of one state', (t) => {
  const { documents } = setUp(t)
  for (const id of ['planned', 'waiting', 'read', 'final']) documents.plan(makePlan(id))
  documents.plan(makePlan('other', { runId: 'r2' }))
  documents.waitFor(firstPass('waiting'), 'planned')
  documents.setRead(firstPass('read'), read, null)
  documents.fail(firstPass('final'), 'rejected', error)
  const open = [...documents.openInTurns('r1')].flat().map(({ id }) => id)
  assert.deepEqual(open, ['waiting', 'planned'])
  assert.deepEqual(documents.idsInState('r1', 'waiting'), ['waiting'])
  assert.deepEqual(documents.jobsIn('r1', 'planned'), ['jplanned'])
  assert.deepEqual(documents.idsInState('r2', 'planned'), ['other'])
})

test('unread uploads are found, whatever their run', (t) => {
  const { documents, upload } = setUp(t)
  documents.plan(makePlan('folder'))
  upload('d1', 'a', { runId: 'u1' })
  upload('d2', 'b', { runId: 'u2' })
  upload('d3', 'c', { runId: 'u2' })
  documents.fail(firstPass('d3'), 'rejected', error)
  assert.deepEqual(documents.openUploads().toSorted(), ['d1', 'd2'])
})

test('failed and cancelled documents of a run are distinguishable from read ones', (t) => {
  const { documents } = setUp(t)
  const outcomes = ['rejected', 'timeout', 'engine_crash', 'failed', 'cancelled'] as const
  for (const outcome of outcomes) {
    documents.plan(makePlan(outcome))
    documents.fail(firstPass(outcome), outcome, error)
  }
  documents.plan(makePlan('other', { runId: 'r2' }))
  documents.fail(firstPass('other'), 'failed', error)
  documents.plan(makePlan('open'))
  documents.plan(makePlan('good'))
  documents.setRead(firstPass('good'), read, null)
  documents.settle(firstPass('good'), {})
  const failed = documents.failedIn('r1').map(({ id }) => id)
  assert.deepEqual(failed.toSorted(), outcomes.toSorted())
})

test('only uploads that ended before a given time expire, oldest first, once', (t) => {
  const { ledger, documents, upload } = setUp(t)
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') })
  for (const id of ['old', 'older', 'open', 'young']) upload(id, id)
  documents.plan(makePlan('folder'))
  for (const id of ['older', 'folder', 'old', 'young']) {
    documents.fail(firstPass(id), 'rejected', error)
    t.mock.timers.tick(60_000)
  }
  const time = '2026-01-01T00:03:00.000Z'
  const kept = (limit: number) => documents.keptSince(time, limit).map(({ id }) => id)
  assert.deepEqual(kept(10), ['older', 'old'])
  assert.deepEqual(kept(1), ['older'])
  documents.expire('older')
  assert.deepEqual(kept(10), ['old'])
  assert.equal(rowOf(ledger, 'older').state, 'final')
  assert.match(rowOf(ledger, 'older').expiredAt ?? '', /^2026-01-01T00:04/)
})

test('bytes stay in the spool as long as one upload with them is kept', (t) => {
  const { documents, upload } = setUp(t)
  documents.plan(makePlan('folder'))
  documents.setInput(firstPass('folder'), { ...input, sha256: 'elsewhere' }, 1)
  upload('d1', 'abc')
  upload('d2', 'abc', { fingerprint: 'another recipe' })
  assert.equal(documents.isSpooled('abc'), true)
  for (const id of ['d1', 'd2']) documents.fail(firstPass(id), 'rejected', error)
  documents.expire('d1')
  assert.equal(documents.isSpooled('abc'), true)
  documents.remove('d2')
  assert.equal(documents.isSpooled('abc'), false)
  assert.equal(documents.isSpooled('elsewhere'), false)
})

test('pages of an expired upload cannot be copied', (t) => {
  const { documents, upload } = setUp(t)
  upload('d1', 'abc')
  documents.setInput(firstPass('d1'), input, 1)
  documents.setRead(firstPass('d1'), read, null)
  documents.settle(firstPass('d1'), {})
  assert.equal(documents.withContent('abc', 'fp', 'd2')?.id, 'd1')
  documents.expire('d1')
  assert.equal(documents.withContent('abc', 'fp', 'd2'), undefined)
})
