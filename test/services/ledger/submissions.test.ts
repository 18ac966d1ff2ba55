import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { firstPass, makeLedger, makePlan } from '../../helpers/ledger/ledger.ts'
import { makeUploadRequest } from '../../helpers/ledger/records.ts'

const error = { code: 'corrupt_image', message: 'is damaged' }

/** A ledger with uploads that began one after the other. */
function setUp(t: TestContext, runIds: readonly string[] = ['u1', 'u2']) {
  const ledger = makeLedger(t)
  runIds.forEach((runId, index) =>
    ledger.runs.add(makeUploadRequest({ runId }), 'fp', `2026-01-0${index + 1}T00:00:00.000Z`),
  )
  const upload = (id: string): boolean =>
    ledger.documents.planUpload({
      ...makePlan(id, { runId: 'u1' }),
      sha256: id,
      mediaType: 'image/png',
    })
  return { ledger, submissions: ledger.submissions, upload }
}

test('a document has the name of its latest upload', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  submissions.add('u2', 'd1', 'second.png')
  submissions.add('u1', 'd1', 'first.png')
  assert.deepEqual([...submissions.runsOf('d1')].flat(), ['u2', 'u1'])
  assert.deepEqual(submissions.latest('d1'), { runId: 'u2', name: 'second.png' })
  assert.equal(submissions.latest('unknown'), undefined)
})

test('an upload recorded twice is one, with its first name', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  submissions.add('u1', 'd1', 'first.png')
  submissions.add('u1', 'd1', 'again.png')
  assert.deepEqual(submissions.documentsOf('u1'), ['d1'])
  assert.equal(submissions.latest('d1')?.name, 'first.png')
})

test('an upload counts its documents by outcome, and unfinished ones as open', (t) => {
  const { ledger, submissions, upload } = setUp(t)
  for (const id of ['planned', 'waiting', 'read', 'bad', 'worse']) {
    upload(id)
    submissions.add('u1', id, id)
  }
  ledger.documents.waitFor(firstPass('waiting'), 'planned')
  ledger.documents.setRead(
    firstPass('read'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  ledger.documents.fail(firstPass('bad'), 'rejected', error)
  ledger.documents.fail(firstPass('worse'), 'timeout', error)
  assert.deepEqual(Object.fromEntries(submissions.counts('u1')), {
    open: 3,
    rejected: 1,
    timeout: 1,
  })
  ledger.documents.settle(firstPass('read'), {})
  assert.equal(submissions.counts('u1').get('succeeded'), 1)
  assert.deepEqual(submissions.counts('u2'), new Map())
})

test('an upload is open until the last of its documents is final', (t) => {
  const { ledger, submissions, upload } = setUp(t)
  upload('d1')
  upload('d2')
  submissions.add('u1', 'd1', 'a')
  submissions.add('u2', 'd1', 'a')
  submissions.add('u2', 'd2', 'b')
  ledger.documents.fail(firstPass('d1'), 'rejected', error)
  assert.equal(submissions.hasOpen('u1'), false)
  assert.equal(submissions.hasOpen('u2'), true)
  ledger.documents.fail(firstPass('d2'), 'rejected', error)
  assert.equal(submissions.hasOpen('u2'), false)
})

test('a deleted document is removed from every upload', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  upload('d2')
  submissions.add('u1', 'd1', 'a')
  submissions.add('u2', 'd1', 'a')
  submissions.add('u2', 'd2', 'b')
  for (const runId of ['u1', 'u2']) submissions.remove(runId, 'd1')
  assert.deepEqual(submissions.documentsOf('u1'), [])
  assert.deepEqual(submissions.documentsOf('u2'), ['d2'])
})
