import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { putBack } from '../../../../services/aggregator/planning/put-back.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import type { Pause } from '../../../../shared/contract/pause.ts'
import type { WorkerReport } from '../../../../shared/contract/messages/worker-report.ts'
import { makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { failedReport, makeRequest, pageReport } from '../../../helpers/ledger/records.ts'

const broken = { outcome: 'failed', error: { code: 'engine_failed', message: 'broken' } } as const
const about = (id: string, page?: number) => ({
  jobId: page === undefined ? `j${id}` : `j${id}n${page}`,
  documentId: id,
})

function setUp(t: TestContext, ids: readonly string[]) {
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest(), 'fp')
  for (const id of ids) ledger.documents.plan(makePlan(id))
  const record = createRecorder(ledger, () => undefined)
  const take = (...reports: WorkerReport[]) => ledger.transaction(() => record(reports))
  const back = () => [...putBack(ledger, 'r1', (code) => code === 'engine_failed')]
  return { ledger, take, back }
}

test('documents failed by the service are planned under a new job, others keep their failure', (t) => {
  const { ledger, take, back } = setUp(t, ['d1', 'd2', 'd3'])
  take(failedReport(about('d1'), broken), failedReport(about('d2')), pageReport(about('d3')))
  back()
  const { state, pass, outcome, jobId } = rowOf(ledger, 'd1')
  assert.deepEqual([state, pass, outcome], ['planned', 2, null])
  assert.notEqual(jobId, 'jd1')
  assert.equal(rowOf(ledger, 'd2').error?.code, 'corrupt_image')
  assert.equal(rowOf(ledger, 'd3').outcome, 'succeeded')
})

test('finished pages are kept, in an open document and in a partial one', (t) => {
  const { ledger, take, back } = setUp(t, ['d1', 'd2'])
  const bad = { ...broken, pagesTotal: 3 }
  take(
    pageReport(about('d1', 1), { page: 1 }, 3),
    failedReport(about('d1', 2), { ...bad, page: 2 }),
    pageReport(about('d2', 1), { page: 1 }, 3),
    failedReport(about('d2', 2), { ...bad, page: 2 }),
    pageReport(about('d2', 3), { page: 3 }, 3),
  )
  assert.equal(rowOf(ledger, 'd2').outcome, 'partial')
  // Its files are written before the run pauses.
  ledger.documents.settle({ id: 'd2', pass: 1 }, {})
  back()
  const pagesOf = (id: string) => ledger.pages.states(id).map(({ page }) => page)
  for (const [id, left] of [
    ['d1', [1]],
    ['d2', [1, 3]],
  ] as const) {
    const { state, pass, pagesTotal: total } = rowOf(ledger, id)
    assert.deepEqual([state, pass, total, pagesOf(id)], ['planned', 2, 3, left], id)
  }
})

test('a page in progress when its run pauses fails nothing, and its job can run again', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2', 'd3'])
  ledger.runs.end('r1', 'paused', null)
  const { unread, failed } = take(
    failedReport(about('d1'), broken),
    failedReport(about('d2')),
    pageReport(about('d3')),
  )
  assert.deepEqual([unread, failed], [['jd1'], ['d2']])
  assert.equal(rowOf(ledger, 'd1').state, 'planned')
  assert.equal(rowOf(ledger, 'd3').outcome, 'succeeded')
})

const reading = {
  name: 'first',
  scale: 1,
  rotation: 0,
  thresholding: 'otsu',
  words: 1,
  confidence: 90,
  score: 0.9,
  linesKept: 1,
  recogniseMs: 1,
}

test('a failed attempt changes nothing in the ledger and counts as a reading; a page without the engine does not', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2'])
  const retry = { v: 1, kind: 'retrying', page: null, error: broken.error } as const
  const { readings } = take(
    { ...retry, ...about('d1') },
    pageReport(about('d1'), { readings: [reading] }),
    pageReport(about('d2'), { text: '', outcome: 'empty', readings: [] }),
  )
  assert.deepEqual(
    readings.map(({ page, error }) => [page, error?.code]),
    [
      [null, 'engine_failed'],
      [1, undefined],
    ],
  )
  assert.equal(rowOf(ledger, 'd1').outcome, 'succeeded')
})

test('only a paused run is resumed, and a run whose folder another run takes is no longer paused', (t) => {
  const { ledger } = setUp(t, [])
  assert.equal(ledger.runs.resume('r1', 'fp2'), false)
  const pause = { code: 'engine_failed' } satisfies Partial<Pause>
  ledger.runs.end('r1', 'paused', JSON.stringify({ pause }))
  assert.deepEqual(ledger.runs.active(), [])
  assert.equal(ledger.runs.resume('r1', 'fp2'), true)
  assert.deepEqual(
    [ledger.runs.get('r1')?.state, ledger.runs.get('r1')?.fingerprint],
    ['active', 'fp2'],
  )
  ledger.runs.end('r1', 'paused', null)
  ledger.runs.supersedePaused('/out')
  assert.equal(ledger.runs.get('r1')?.state, 'interrupted')
})

test('many failed documents are planned in batches, each in a transaction of its own', (t) => {
  const ids = Array.from({ length: 120 }, (_, index) => `d${String(index).padStart(3, '0')}`)
  const { ledger, take } = setUp(t, ids)
  take(...ids.map((id) => failedReport(about(id), broken)))
  const planned: number[] = []
  for (const _ of putBack(ledger, 'r1', (code) => code === 'engine_failed')) {
    planned.push(ids.filter((id) => rowOf(ledger, id).state === 'planned').length)
  }
  assert.equal(planned.at(-1), ids.length)
  assert.ok(planned.every((count, index) => count - (planned[index - 1] ?? 0) <= 50))
})

test('a document that fails while others are planned again is planned, too', (t) => {
  const { ledger, take } = setUp(t, ['d1', 'd2'])
  take(failedReport(about('d2'), broken))
  let turns = 0
  for (const _ of putBack(ledger, 'r1', (code) => code === 'engine_failed')) {
    if (turns === 0) take(failedReport(about('d1'), broken))
    turns += 1
  }
  const states = ['d1', 'd2'].map((id) => rowOf(ledger, id).state)
  assert.deepEqual([turns, ...states], [2, 'planned', 'planned'])
})
