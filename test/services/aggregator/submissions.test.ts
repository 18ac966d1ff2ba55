import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { makeLedger, makePlan } from '../../helpers/ledger.ts'
import { makeUploadRequest } from '../../helpers/records.ts'

const error = { code: 'corrupt_image', message: 'is damaged' }

/** A ledger with uploads that began one after the other. */
function setUp(t: TestContext, runIds: readonly string[] = ['u1', 'u2']) {
  const ledger = makeLedger(t)
  runIds.forEach((runId, index) =>
    ledger.runs.add(makeUploadRequest({ runId }), 'fp', `2026-01-0${index + 1}T00:00:00.000Z`),
  )
  const upload = (id: string): void =>
    ledger.documents.planUpload({
      ...makePlan(id, { run_id: 'u1' }),
      sha256: id,
      media_type: 'image/png',
    })
  return { ledger, submissions: ledger.submissions, upload }
}

test('the latest upload of a document gives it its name', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  submissions.add('u2', 'd1', 'second.png')
  submissions.add('u1', 'd1', 'first.png')
  assert.deepEqual(submissions.runsOf('d1'), ['u2', 'u1'])
  assert.deepEqual(submissions.latest('d1'), { runId: 'u2', name: 'second.png' })
  assert.equal(submissions.latest('unknown'), undefined)
})

test('the same upload told twice is one, under its first name', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  submissions.add('u1', 'd1', 'first.png')
  submissions.add('u1', 'd1', 'again.png')
  assert.deepEqual(submissions.documentsOf('u1'), ['d1'])
  assert.equal(submissions.latest('d1')?.name, 'first.png')
})

test("an upload's documents are counted by outcome, and what has not ended as open", (t) => {
  const { ledger, submissions, upload } = setUp(t)
  for (const id of ['planned', 'waiting', 'read', 'bad', 'worse']) {
    upload(id)
    submissions.add('u1', id, id)
  }
  ledger.documents.waitFor('waiting', 'planned')
  ledger.documents.setRead('read', { outcome: 'succeeded', error: null, worker: 'w' }, null)
  ledger.documents.fail('bad', 'rejected', error)
  ledger.documents.fail('worse', 'timeout', error)
  assert.deepEqual(Object.fromEntries(submissions.counts('u1')), {
    open: 3,
    rejected: 1,
    timeout: 1,
  })
  ledger.documents.settle('read', {})
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
  ledger.documents.fail('d1', 'rejected', error)
  assert.equal(submissions.hasOpen('u1'), false)
  assert.equal(submissions.hasOpen('u2'), true)
  ledger.documents.fail('d2', 'rejected', error)
  assert.equal(submissions.hasOpen('u2'), false)
})

test('a document that is removed is in no upload any more', (t) => {
  const { submissions, upload } = setUp(t)
  upload('d1')
  upload('d2')
  submissions.add('u1', 'd1', 'a')
  submissions.add('u2', 'd1', 'a')
  submissions.add('u2', 'd2', 'b')
  submissions.removeDocument('d1')
  assert.deepEqual(submissions.documentsOf('u1'), [])
  assert.deepEqual(submissions.documentsOf('u2'), ['d2'])
})
