import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import type { Recorded } from '../../../../services/aggregator/results/recorded.ts'
import type { WorkerReport } from '../../../../shared/contract/messages/worker-report.ts'
import type { StreamEntry } from '../../../../shared/redis/result-stream.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { failedReport, input, makeRequest, pageReport } from '../../../helpers/ledger/records.ts'

/** A ledger with planned documents, and a recorder for it. */
function setUp(t: TestContext, ids: readonly string[] = ['d1']) {
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest(), 'fp')
  for (const id of ids) ledger.documents.plan(makePlan(id))
  const announced: string[] = []
  const record = createRecorder(ledger, (id) => announced.push(id))
  const unread: string[] = []
  const take = (...entries: StreamEntry[]): Entered => {
    const { readings: _, unread: more, ...entered } = ledger.transaction(() => record(entries))
    unread.push(...more)
    return entered
  }
  return { ledger, take, unread, announced, outcomeOf: (id: string) => rowOf(ledger, id).outcome }
}

const about = (id: string) => ({ jobId: `j${id}`, documentId: id })
const pageOf = (id: string, page: number) => ({ jobId: `j${id}n${page}`, documentId: id })
const duplicate = (id: string, of: string): WorkerReport => ({
  v: 1,
  kind: 'duplicate',
  ...about(id),
  input,
  of,
})
const hashed = (id: string): WorkerReport => ({ v: 1, kind: 'hashed', ...about(id), input })
const expanded = (id: string, pagesTotal: number): WorkerReport => ({
  v: 1,
  kind: 'expanded',
  ...about(id),
  input,
  pagesTotal,
})
/** Effects on the ledger; the readings themselves are for the breaker. */
type Entered = Omit<Recorded, 'readings' | 'unread'>

const nothing: Entered = { read: [], failed: [], requeued: [], pagesRead: [], accepted: [] }

test('a document of one page is read when its page is', (t) => {
  const { ledger, take } = setUp(t)
  const recorded = take(pageReport(about('d1')))
  assert.deepEqual(recorded, {
    ...nothing,
    read: ['d1'],
    pagesRead: [{ runId: 'r1', documentId: 'd1', page: 1, pagesTotal: 1 }],
  })
  const { state, outcome, sha256, mediaType, worker } = rowOf(ledger, 'd1')
  assert.deepEqual(
    { state, outcome, sha256, mediaType, worker },
    { state: 'read', outcome: 'succeeded', sha256: 'abc', mediaType: 'image/png', worker: 'w1' },
  )
  assert.equal(ledger.pages.results('d1')[0]?.text, 'hello')
})

test('a page without text makes an empty document', (t) => {
  const { take, outcomeOf } = setUp(t)
  take(pageReport(about('d1'), { outcome: 'empty', text: '' }))
  assert.equal(outcomeOf('d1'), 'empty')
})

test('a failure ends the document with its code', (t) => {
  const { ledger, take } = setUp(t)
  assert.deepEqual(take(failedReport(about('d1'))), { ...nothing, failed: ['d1'] })
  const { state, outcome, error } = rowOf(ledger, 'd1')
  assert.deepEqual(
    { state, outcome, code: error?.code ?? null },
    { state: 'final', outcome: 'rejected', code: 'corrupt_image' },
  )
})

test('recording any report twice changes nothing the second time', (t) => {
  const { ledger, take } = setUp(t, ['page', 'bad', 'many', 'twin', 'known'])
  const reports = [
    pageReport(about('page')),
    failedReport(about('bad')),
    expanded('many', 2),
    pageReport(pageOf('many', 1), { page: 1 }, 2),
    pageReport(pageOf('many', 2), { page: 2 }, 2),
    duplicate('twin', 'page'),
    hashed('known'),
  ]
  take(...reports)
  const snapshot = (): unknown =>
    ['page', 'bad', 'many', 'twin', 'known'].map((id) => [
      rowOf(ledger, id),
      ledger.pages.states(id),
    ])
  const before = snapshot()
  assert.deepEqual(take(...reports), nothing)
  assert.deepEqual(snapshot(), before)
})

test('the first of two successes of a page is kept', (t) => {
  const { ledger, take } = setUp(t)
  take(expanded('d1', 2))
  take(pageReport(pageOf('d1', 1), { text: 'first' }, 2))
  take(pageReport(pageOf('d1', 1), { text: 'second' }, 2))
  assert.equal(ledger.pages.results('d1')[0]?.text, 'first')
})

test('a success of a page replaces its failure, and no failure a success', (t) => {
  const { ledger, take, outcomeOf } = setUp(t)
  take(expanded('d1', 3))
  take(failedReport(pageOf('d1', 1), { page: 1, pagesTotal: 3 }))
  take(pageReport(pageOf('d1', 1), { page: 1 }, 3), pageReport(pageOf('d1', 2), { page: 2 }, 3))
  take(failedReport(pageOf('d1', 2), { page: 2, pagesTotal: 3 }))
  take(pageReport(pageOf('d1', 3), { page: 3 }, 3))
  assert.equal(outcomeOf('d1'), 'succeeded')
  assert.equal(ledger.pages.results('d1').length, 3)
})

test('a report about an earlier pass, another run or an unknown document is ignored', (t) => {
  const { ledger, take } = setUp(t)
  assert.deepEqual(take(pageReport({ jobId: 'jold', documentId: 'd1' })), nothing)
  assert.deepEqual(take(pageReport(about('unknown'))), nothing)
  assert.equal(rowOf(ledger, 'd1').state, 'planned')
})

test('a document of many pages is read when its last page is, in any order', (t) => {
  const { take, outcomeOf } = setUp(t)
  assert.deepEqual(take(pageReport(pageOf('d1', 3), { page: 3 }, 3)).read, [])
  assert.deepEqual(take(expanded('d1', 3)).read, [])
  assert.deepEqual(take(pageReport(pageOf('d1', 1), { page: 1 }, 3)).read, [])
  const last = take(pageReport(pageOf('d1', 2), { page: 2, outcome: 'empty', text: '' }, 3))
  assert.deepEqual(last.read, ['d1'])
  assert.equal(outcomeOf('d1'), 'succeeded')
})

test('a duplicate of a finished document copies its pages', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2'])
  take(pageReport(about('d1')))
  assert.deepEqual(take(duplicate('d2', 'd1')), { ...nothing, read: ['d2'] })
  const { outcome, duplicateOf: of } = rowOf(ledger, 'd2')
  assert.deepEqual({ outcome, of }, { outcome: 'duplicate', of: 'd1' })
  assert.deepEqual(ledger.pages.results('d2'), ledger.pages.results('d1'))
})

test('duplicates wait for their original and end with it', (t) => {
  const { ledger, take, outcomeOf } = setUp(t, ['d1', 'd2', 'd3'])
  assert.deepEqual(take(duplicate('d2', 'd1'), duplicate('d3', 'd1')), nothing)
  assert.equal(rowOf(ledger, 'd2').state, 'waiting')
  assert.deepEqual(take(pageReport(about('d1'))).read.toSorted(), ['d1', 'd2', 'd3'])
  assert.deepEqual(['d2', 'd3'].map(outcomeOf), ['duplicate', 'duplicate'])
})

test('of thousands of duplicates, one transaction settles a thousand; the others can be planned again', (t) => {
  const ids = Array.from({ length: 1_201 }, (_, index) => `d${index}`)
  const { ledger, take } = setUp(t, ids)
  take(...ids.slice(1).map((id) => duplicate(id, 'd0')))
  assert.equal(take(pageReport(about('d0'))).read.length, 1_001)
  const left = ledger.documents.stranded()
  assert.equal(left.length, 200)
  assert.ok(left.every(({ state }) => state === 'waiting'))
})

test('unreadable bytes are unreadable in the copy too', (t) => {
  const { take, outcomeOf } = setUp(t, ['d1', 'd2'])
  take(duplicate('d2', 'd1'))
  assert.deepEqual(take(failedReport(about('d1'))).failed.toSorted(), ['d1', 'd2'])
  assert.equal(outcomeOf('d2'), 'rejected')
})

test('bytes that killed the workers are not read again for a copy', (t) => {
  const { take, outcomeOf, ledger } = setUp(t, ['d1', 'd2'])
  take(duplicate('d2', 'd1'))
  const poison = { outcome: 'failed', error: { code: 'poison', message: 'died' } } as const
  assert.deepEqual(take(failedReport(about('d1'), poison)).failed.toSorted(), ['d1', 'd2'])
  assert.deepEqual([outcomeOf('d2'), rowOf(ledger, 'd2').error?.code], ['failed', 'poison'])
})

test('a copy is read itself if its original failed for other reasons than its bytes', (t) => {
  const causes = [
    { outcome: 'timeout', error: { code: 'page_timeout', message: '' } },
    { outcome: 'engine_crash', error: { code: 'worker_crash', message: '' } },
    { outcome: 'rejected', error: { code: 'unstable', message: '' } },
    { outcome: 'cancelled', error: { code: 'cancelled', message: '' } },
  ] as const
  for (const cause of causes) {
    const { ledger, take } = setUp(t, ['d1', 'd2'])
    take(duplicate('d2', 'd1'))
    const { failed, requeued } = take(failedReport(about('d1'), cause))
    assert.deepEqual(failed, ['d1'])
    const row = rowOf(ledger, 'd2')
    assert.equal(row.state, 'planned')
    assert.equal(row.pass, 2)
    assert.deepEqual(
      requeued.map(({ jobId, job }) => [jobId, job.documentId, job.mayBeKnown, job.insteadOf]),
      [[row.jobId, 'd2', false, 'd1']],
    )
    assert.deepEqual(take(pageReport({ jobId: row.jobId, documentId: 'd2' })).read, ['d2'])
  }
})

test('a duplicate of an original missing from the ledger is read itself', (t) => {
  const { take } = setUp(t)
  const { requeued } = take(duplicate('d1', 'nobody'))
  assert.deepEqual(
    requeued.map(({ job }) => job.insteadOf),
    ['nobody'],
  )
})

test('content that an earlier run read is copied, other content is read', (t) => {
  const { take, outcomeOf } = setUp(t, ['d1', 'd2', 'd3'])
  take(pageReport(about('d1')))
  assert.deepEqual(take(hashed('d2')).read, ['d2'])
  assert.equal(outcomeOf('d2'), 'duplicate')
  const other: WorkerReport = {
    v: 1,
    kind: 'hashed',
    ...about('d3'),
    input: { ...input, sha256: 'other' },
  }
  assert.deepEqual(
    take(other).requeued.map(({ job }) => [job.documentId, job.insteadOf]),
    [['d3', undefined]],
  )
})

test('a failure is announced in its transaction, a success once its files exist', (t) => {
  const { take, announced } = setUp(t, ['d1', 'd2', 'd3'])
  take(duplicate('d2', 'd1'))
  take(failedReport(about('d1')), pageReport(about('d3')))
  take(failedReport(about('d1')))
  assert.deepEqual(announced, ['d1', 'd2'])
})

test('a twin of a document whose file changed meanwhile is read itself', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2'])
  take(duplicate('d2', 'd1'))
  const changed = makePlan('d1', { pass: 2, jobId: 'later', stat: '3-2-2' })
  assert.equal(ledger.documents.plan(changed, rowOf(ledger, 'd1')), true)
  const other = { ...input, sha256: 'other bytes' }
  const { requeued } = take({ ...pageReport({ jobId: 'later', documentId: 'd1' }), input: other })
  assert.deepEqual(
    requeued.map(({ job }) => [job.documentId, job.insteadOf]),
    [['d2', 'd1']],
  )
  assert.equal(rowOf(ledger, 'd2').state, 'planned')
})

test('a document does not wait for one that another run may never read', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2'])
  ledger.runs.add(makeRequest({ runId: 'r2' }), 'fp')
  ledger.documents.adopt(firstPass('d1'), 'r2')
  const { requeued } = take(duplicate('d2', 'd1'))
  assert.deepEqual(
    requeued.map(({ job }) => job.documentId),
    ['d2'],
  )
})

test('a job that an older worker could not read is handed back, not failed', (t) => {
  const { ledger, take, unread } = setUp(t, ['d1', 'd2'])
  const error = { code: 'recipe_mismatch', message: 'run one version everywhere' }
  const failed = { outcome: 'failed', error } as const
  assert.deepEqual(take(failedReport(about('d1'), failed)), nothing)
  const onePage = { ...failed, page: 1, pagesTotal: 2 }
  assert.deepEqual(take(failedReport(pageOf('d2', 1), onePage)), nothing)
  assert.deepEqual(unread, ['jd1', 'jd2n1'])
  for (const id of ['d1', 'd2']) assert.equal(rowOf(ledger, id).state, 'planned')
  assert.deepEqual(ledger.pages.states('d2'), [])
})
