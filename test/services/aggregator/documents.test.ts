import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Plan } from '../../../services/aggregator/ledger/documents.ts'
import { makeLedger, makePlan, rowOf } from '../../helpers/ledger.ts'
import { input } from '../../helpers/records.ts'

const error = { code: 'corrupt_image', message: 'is damaged' }
const read = { outcome: 'succeeded', error: null, worker: 'w' } as const

function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  const { documents } = ledger
  const upload = (id: string, sha256: string, given: Partial<Plan> = {}): void =>
    documents.planUpload({ ...makePlan(id, given), sha256, media_type: 'image/png' })
  return { ledger, documents, upload }
}

test('an upload is known by what it holds before it is read, a file of a folder is not', (t) => {
  const { ledger, documents, upload } = setUp(t)
  documents.plan(makePlan('d1'))
  upload('d2', 'abc')
  const folder = rowOf(ledger, 'd1')
  assert.deepEqual([folder.is_upload, folder.sha256, folder.media_type], [0, null, null])
  const { is_upload: isUpload, sha256, media_type: mediaType, created_at: at } = rowOf(ledger, 'd2')
  assert.deepEqual([isUpload, sha256, mediaType], [1, 'abc', 'image/png'])
  assert.ok(Math.abs(Date.now() - at) < 60_000)
})

test('an upload that is planned anew is kept again, and is as old as it was', (t) => {
  const { ledger, documents, upload } = setUp(t)
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  upload('d1', 'abc')
  documents.fail('d1', 'rejected', error)
  documents.expire('d1')
  t.mock.timers.tick(5_000)
  upload('d1', 'abc', { pass: 2 })
  const { state, expired_at: expiredAt, created_at: at, outcome, pass } = rowOf(ledger, 'd1')
  assert.deepEqual([state, expiredAt, at, outcome, pass], ['planned', null, 1_000_000, null, 2])
})

test('what waits for another document can be let go, and nothing else changes by that', (t) => {
  const { ledger, documents } = setUp(t)
  for (const id of ['d1', 'd2']) documents.plan(makePlan(id))
  documents.waitFor('d2', 'd1')
  documents.fail('d1', 'rejected', error)
  documents.resume('d1')
  documents.resume('d2')
  assert.equal(rowOf(ledger, 'd1').state, 'final')
  const { state, duplicate_of: of } = rowOf(ledger, 'd2')
  assert.deepEqual([state, of], ['planned', null])
  assert.deepEqual(documents.waitingFor('d1'), [])
})

test('open are the planned and the waiting of a run, in one state only those', (t) => {
  const { documents } = setUp(t)
  for (const id of ['planned', 'waiting', 'read', 'final']) documents.plan(makePlan(id))
  documents.plan(makePlan('other', { run_id: 'r2' }))
  documents.waitFor('waiting', 'planned')
  documents.setRead('read', read, null)
  documents.fail('final', 'rejected', error)
  assert.deepEqual(documents.openIn('r1').toSorted(), ['planned', 'waiting'])
  assert.deepEqual(documents.idsInState('r1', 'waiting'), ['waiting'])
  assert.deepEqual(documents.jobsIn('r1', 'planned'), ['jplanned'])
  assert.deepEqual(documents.idsInState('r2', 'planned'), ['other'])
})

test('uploads that are still to be read are found, whichever run they are of', (t) => {
  const { documents, upload } = setUp(t)
  documents.plan(makePlan('folder'))
  upload('d1', 'a', { run_id: 'u1' })
  upload('d2', 'b', { run_id: 'u2' })
  upload('d3', 'c', { run_id: 'u2' })
  documents.fail('d3', 'rejected', error)
  assert.deepEqual(documents.openUploads().toSorted(), ['d1', 'd2'])
})

test('what failed in a run or was cancelled can be told from what was read', (t) => {
  const { documents } = setUp(t)
  const outcomes = ['rejected', 'timeout', 'engine_crash', 'failed', 'cancelled'] as const
  for (const outcome of outcomes) {
    documents.plan(makePlan(outcome))
    documents.fail(outcome, outcome, error)
  }
  documents.plan(makePlan('other', { run_id: 'r2' }))
  documents.fail('other', 'failed', error)
  documents.plan(makePlan('open'))
  documents.plan(makePlan('good'))
  documents.setRead('good', read, null)
  documents.settle('good', {})
  const failed = documents.failedIn('r1').map(({ id }) => id)
  assert.deepEqual(failed.toSorted(), outcomes.toSorted())
})

test('only uploads that have ended before a moment have had their time, oldest first, once', (t) => {
  const { ledger, documents, upload } = setUp(t)
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') })
  for (const id of ['old', 'older', 'open', 'young']) upload(id, id)
  documents.plan(makePlan('folder'))
  for (const id of ['older', 'folder', 'old', 'young']) {
    documents.fail(id, 'rejected', error)
    t.mock.timers.tick(60_000)
  }
  const time = '2026-01-01T00:03:00.000Z'
  const kept = (limit: number) => documents.keptSince(time, limit).map(({ id }) => id)
  assert.deepEqual(kept(10), ['older', 'old'])
  assert.deepEqual(kept(1), ['older'])
  documents.expire('older')
  assert.deepEqual(kept(10), ['old'])
  assert.equal(rowOf(ledger, 'older').state, 'final')
  assert.match(rowOf(ledger, 'older').expired_at ?? '', /^2026-01-01T00:04/)
})

test('bytes stay in the spool as long as one upload with them is kept', (t) => {
  const { documents, upload } = setUp(t)
  documents.plan(makePlan('folder'))
  documents.setInput('folder', { ...input, sha256: 'elsewhere' }, 1)
  upload('d1', 'abc')
  upload('d2', 'abc', { fingerprint: 'another recipe' })
  assert.equal(documents.isSpooled('abc'), true)
  documents.expire('d1')
  assert.equal(documents.isSpooled('abc'), true)
  documents.remove('d2')
  assert.equal(documents.isSpooled('abc'), false)
  assert.equal(documents.isSpooled('elsewhere'), false)
})

test('the pages of an upload that has expired are not there to be copied', (t) => {
  const { documents, upload } = setUp(t)
  upload('d1', 'abc')
  documents.setInput('d1', input, 1)
  documents.setRead('d1', read, null)
  documents.settle('d1', {})
  assert.equal(documents.withContent('abc', 'fp', 'd2')?.id, 'd1')
  documents.expire('d1')
  assert.equal(documents.withContent('abc', 'fp', 'd2'), undefined)
})
