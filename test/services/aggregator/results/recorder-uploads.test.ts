import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Ledger } from '../../../../services/ledger/ledger.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import type { Recorded } from '../../../../services/aggregator/results/recorded.ts'
import type { StreamEntry } from '../../../../shared/redis/result-stream.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import {
  makeAcceptance,
  makePage,
  makeRequest,
  pageReport,
  uploadOf,
} from '../../../helpers/ledger/records.ts'

/** An empty ledger, and a recorder for it. */
function setUp(t: TestContext) {
  const ledger = makeLedger(t)
  const record = createRecorder(ledger, () => undefined)
  const take = (...entries: StreamEntry[]): Entered => {
    const { readings: _, unread: __, ...entered } = ledger.transaction(() => record(entries))
    return entered
  }
  return { ledger, take }
}

/** Effects on the ledger; the readings themselves are for the breaker. */
type Entered = Omit<Recorded, 'readings' | 'unread'>

const nothing: Entered = { read: [], failed: [], requeued: [], pagesRead: [], accepted: [] }

/** The records of the documents of an upload with these contents. */
const standing = (ledger: Ledger, contents: readonly string[]) =>
  contents.map((content) => {
    const { runId, state, pass, path, sha256 } = rowOf(ledger, uploadOf(content))
    return { runId, state, pass, path, hasHash: sha256 === hash('sha256', content) }
  })

test('an upload becomes a run with a planned document for each file', (t) => {
  const { ledger, take } = setUp(t)
  const labels = { tag: 'red', metadata: { from: 'a test' } }
  const acceptance = makeAcceptance(['one', 'two'], { labels })
  assert.deepEqual(take(acceptance), { ...nothing, accepted: [acceptance] })
  const run = ledger.runs.get('u1')
  assert.deepEqual(run?.request, acceptance.request)
  assert.equal(run.startedAt, acceptance.acceptedAt)
  const planned = { runId: 'u1', state: 'planned', pass: 1, hasHash: true }
  assert.deepEqual(standing(ledger, ['one', 'two']), [
    { ...planned, path: 'one.png' },
    { ...planned, path: 'two.png' },
  ])
  assert.deepEqual(ledger.submissions.documentsOf('u1').length, 2)
})

test('an upload announced twice is recorded once', (t) => {
  const { ledger, take } = setUp(t)
  const acceptance = makeAcceptance(['one'])
  const [document] = acceptance.documents
  take(acceptance)
  take(pageReport({ jobId: document?.jobId ?? '', documentId: uploadOf('one') }))
  const before = rowOf(ledger, uploadOf('one'))
  assert.deepEqual(take(acceptance), { ...nothing, accepted: [acceptance] })
  assert.deepEqual(rowOf(ledger, uploadOf('one')), before)
  assert.equal(ledger.pages.results(uploadOf('one')).length, 1)
})

test('a second upload of the same bytes is another submission, and plans nothing', (t) => {
  const { ledger, take } = setUp(t)
  take(makeAcceptance(['one']))
  take(makeAcceptance(['one', 'two'], { runId: 'u2' }))
  const planned = { state: 'planned', pass: 1, hasHash: true }
  assert.deepEqual(standing(ledger, ['one', 'two']), [
    { ...planned, runId: 'u1', path: 'one.png' },
    { ...planned, runId: 'u2', path: 'two.png' },
  ])
  assert.deepEqual([...ledger.submissions.runsOf(uploadOf('one'))].flat().toSorted(), ['u1', 'u2'])
})

test('a forced upload starts without the pages of the earlier reading', (t) => {
  const { ledger, take } = setUp(t)
  const id = uploadOf('one')
  take(makeAcceptance(['one']))
  const before = rowOf(ledger, id)
  ledger.pages.putResult(id, makePage())
  ledger.documents.fail(firstPass(id), 'cancelled', { code: 'cancelled', message: '' })
  ledger.documents.expire(id)
  take(makeAcceptance(['one'], { runId: 'u2', pass: 2 }))
  const { state, pass, outcome, expiredAt, jobId } = rowOf(ledger, id)
  assert.deepEqual(
    { state, pass, outcome, expiredAt },
    { state: 'planned', pass: 2, outcome: null, expiredAt: null },
  )
  assert.notEqual(jobId, before.jobId)
  assert.deepEqual(ledger.pages.states(id), [])
  take(makeAcceptance(['one'], { runId: 'u3', pass: 1 }))
  assert.equal(rowOf(ledger, id).pass, 2, 'a late report requests nothing new')
})

test('a report is valid from the acceptance on, also in the same batch', (t) => {
  const { ledger, take } = setUp(t)
  const acceptance = makeAcceptance(['one'])
  const about1 = { jobId: acceptance.documents[0]?.jobId ?? '', documentId: uploadOf('one') }
  assert.deepEqual(take(pageReport(about1)), nothing)
  const { read, pagesRead, accepted } = take(acceptance, pageReport(about1))
  assert.deepEqual(read, [uploadOf('one')])
  assert.deepEqual(pagesRead, [
    { runId: 'u1', documentId: uploadOf('one'), page: 1, pagesTotal: 1 },
  ])
  assert.equal(accepted.length, 1)
  assert.equal(rowOf(ledger, uploadOf('one')).outcome, 'succeeded')
})

test('an upload can include a finished file of a folder, which stays unchanged', (t) => {
  const { ledger, take } = setUp(t)
  ledger.runs.add(makeRequest(), 'fp')
  ledger.documents.plan(makePlan('d1'))
  take(pageReport({ jobId: 'jd1', documentId: 'd1' }))
  const before = rowOf(ledger, 'd1')
  const acceptance = makeAcceptance(['one'])
  const documents = acceptance.documents.map((document) => ({ ...document, documentId: 'd1' }))
  take({ ...acceptance, documents })
  assert.deepEqual(rowOf(ledger, 'd1'), before)
  assert.deepEqual(ledger.submissions.documentsOf('u1'), ['d1'])
})
