import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { extentOf } from '../../../../services/aggregator/planning/plan-file.ts'
import { recordPlan } from '../../../../services/aggregator/planning/record-plan.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import { openLedger } from '../../../../services/ledger/ledger.ts'
import { nextPass } from '../../../../services/ledger/document-jobs.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import type { PageResult, PageWarning } from '../../../../shared/contract/result/page.ts'
import type { WorkerReport } from '../../../../shared/contract/messages/worker-report.ts'
import type { StreamEntry } from '../../../../shared/redis/result-stream.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import {
  failedReport,
  input,
  makeRequest,
  makeRun,
  pageReport,
} from '../../../helpers/ledger/records.ts'

const warnings: PageWarning[] = [{ code: 'reading_given_up', message: 'page_timeout' }]
const busy = {
  outcome: 'timeout',
  error: { code: 'page_timeout', message: 'took too long' },
} as const

/**
 * A document of `pages` pages that the run r1 has read and written; the last page has a reading that was given up. The
 * ledger is searchable.
 */
function setUp(t: TestContext, pages: number) {
  const ledger = openLedger(makeFolder(t), { isSearchable: true })
  t.after(() => ledger.close())
  ledger.runs.add(makeRequest(), 'fp')
  ledger.documents.plan(makePlan('d1'))
  const record = createRecorder(ledger, () => undefined)
  const take = (...entries: StreamEntry[]) => ledger.transaction(() => record(entries))
  const reports = Array.from({ length: pages }, (_, index) => {
    const page = index + 1
    const given = page === pages ? { text: 'poor', warnings } : { text: `good${page}` }
    const jobId = pages === 1 ? 'jd1' : `jd1n${page}`
    return pageReport({ jobId, documentId: 'd1' }, { page, ...given }, pages)
  })
  take(...reports)
  ledger.documents.settle({ id: 'd1', pass: 1 }, { txt: '0', json: '0' })
  /** The jobs by which another run reads the document again. */
  const again = (given: Partial<FolderRequest> = { retryWarned: true }) => {
    const run = makeRun({ runId: 'r2', ...given })
    ledger.runs.add(run.request, 'fp')
    const plan = { ...nextPass(rowOf(ledger, 'd1')), runId: run.id }
    const known = ledger.documents.getMany(['d1'])
    const decision = { action: 'read', plan, mayHaveTwin: true } as const
    return recordPlan(ledger, run, [decision], [], known).jobs
  }
  const texts = (): string[] => ledger.pages.results('d1').map(({ text }) => text)
  const found = (word: string): number => {
    const { pass, state } = rowOf(ledger, 'd1')
    if (state === 'read') ledger.documents.settle({ id: 'd1', pass }, {})
    return ledger.search.find({ match: word, limit: 10, offset: 0 }).length
  }
  return { ledger, take, again, texts, found }
}

type Scene = ReturnType<typeof setUp>

const reread = (
  { jobId, job: { page = 1, pagesTotal = 1 } }: ReturnType<Scene['again']>[number],
  given: Partial<PageResult>,
): WorkerReport => pageReport({ jobId, documentId: 'd1' }, { page, ...given }, pagesTotal)

test('a document names the warnings of its pages, each once', (t) => {
  const { ledger } = setUp(t, 3)
  assert.deepEqual(rowOf(ledger, 'd1').warnings, ['reading_given_up'])
})

test('--retry-warned reads the page whose reading was given up, and no other', (t) => {
  const { ledger, take, again, texts, found } = setUp(t, 3)
  const jobs = again()
  assert.deepEqual(
    jobs.map(({ job }) => job.page),
    [3],
  )
  assert.equal(rowOf(ledger, 'd1').state, 'planned')
  const [job] = jobs
  assert.ok(job)
  assert.deepEqual(take(reread(job, { text: 'whole' })).read, ['d1'])
  const { outcome, warnings: left } = rowOf(ledger, 'd1')
  assert.deepEqual([outcome, left], ['succeeded', []])
  assert.deepEqual(texts(), ['good1', 'good2', 'whole'])
  assert.deepEqual([found('poor'), found('whole')], [0, 1])
})

test('a document of one page is opened again, and its text is replaced', (t) => {
  const { take, again, texts, ledger } = setUp(t, 1)
  const [job] = again()
  assert.ok(job)
  assert.equal(job.job.page, undefined)
  assert.equal(ledger.pages.summary('d1').pages, 0, 'it counts as unread')
  take(reread(job, { text: 'whole' }))
  assert.deepEqual(texts(), ['whole'])
})

for (const pages of [1, 3]) {
  test(`the text stays if the next reading fails or is cancelled, of ${pages} pages`, (t) => {
    for (const failure of [busy, { outcome: 'cancelled' }, { outcome: 'rejected' }] as const) {
      const { ledger, take, again, texts, found } = setUp(t, pages)
      const [job] = again()
      assert.ok(job)
      const page = pages === 1 ? null : pages
      const about = { jobId: job.jobId, documentId: 'd1' }
      assert.deepEqual(take(failedReport(about, { page, pagesTotal: pages, ...failure })).read, [
        'd1',
      ])
      const { outcome, error, warnings: left } = rowOf(ledger, 'd1')
      assert.deepEqual([outcome, error, left], ['succeeded', null, ['reading_given_up']])
      assert.equal(texts().at(-1), 'poor')
      assert.equal(found('poor'), 1)
    }
  })
}

test('a reading that is given up once more replaces nothing', (t) => {
  const { ledger, take, again, texts } = setUp(t, 1)
  const [job] = again()
  assert.ok(job)
  assert.deepEqual(take(reread(job, { text: 'worse', warnings })).read, ['d1'])
  assert.deepEqual(texts(), ['poor'])
  assert.deepEqual(rowOf(ledger, 'd1').warnings, ['reading_given_up'])
})

test('a document whose file has changed since has no text of the earlier bytes', (t) => {
  const { ledger, take, again, texts, found } = setUp(t, 1)
  const [job] = again()
  assert.ok(job)
  const error = { code: 'unstable', message: 'changed while it was read' }
  assert.deepEqual(take(failedReport({ ...job, documentId: 'd1' }, { error })).failed, ['d1'])
  assert.equal(rowOf(ledger, 'd1').outcome, 'rejected')
  assert.deepEqual([texts(), found('poor')], [[], 0])
})

test('a run that was cut off leaves the text provisional, and the next run continues', (t) => {
  const { ledger, take, again, texts } = setUp(t, 3)
  again()
  const run = makeRun({ runId: 'r3' })
  ledger.runs.add(run.request, 'fp')
  const { pass, jobId } = rowOf(ledger, 'd1')
  const plan = { ...makePlan('d1'), runId: 'r3', pass, jobId }
  const decision = { action: 'read', plan, mayHaveTwin: true } as const
  const { jobs } = recordPlan(ledger, run, [decision], [], ledger.documents.getMany(['d1']))
  assert.deepEqual(
    jobs.map(({ job }) => job.page),
    [3],
  )
  const [job] = jobs
  assert.ok(job)
  take(reread(job, { text: 'whole' }))
  assert.deepEqual(texts(), ['good1', 'good2', 'whole'])
})

test('a run with --retry-warned reads pages again that an interrupted run gave up', (t) => {
  const { ledger, take } = setUp(t, 1)
  ledger.documents.plan(makePlan('d2'))
  const about = (page: number) => ({ jobId: `jd2n${page}`, documentId: 'd2' })
  take(pageReport(about(1), { page: 1 }, 3), pageReport(about(2), { page: 2, warnings }, 3))
  const plan = { ...makePlan('d2'), runId: 'r2' }
  const run = makeRun({ runId: 'r2', retryWarned: true })
  const known = ledger.documents.getMany(['d2'])
  const { jobs } = recordPlan(ledger, run, [{ action: 'read', plan, mayHaveTwin: true }], [], known)
  assert.deepEqual(
    jobs.map(({ job }) => job.page),
    [2, 3],
  )
})

test('--force reads a warned document in full, and keeps none of its text', (t) => {
  const { again, texts } = setUp(t, 3)
  assert.deepEqual(
    again({ force: true, retryWarned: true }).map(({ job }) => job.page),
    [undefined],
  )
  assert.deepEqual(texts(), [])
  assert.equal(extentOf({ force: true, retryWarned: true }), 'all')
})

test('a reading that was given up is not copied to documents of later runs', (t) => {
  const { ledger, take } = setUp(t, 1)
  ledger.documents.plan(makePlan('d2'))
  const { requeued, read } = take({ v: 1, kind: 'hashed', jobId: 'jd2', documentId: 'd2', input })
  assert.deepEqual(read, [])
  assert.deepEqual(
    requeued.map(({ job }) => job.documentId),
    ['d2'],
    'it is read itself',
  )
})

test('twins of the same run share a reading that was given up, with its warning', (t) => {
  const { ledger, take } = setUp(t, 1)
  for (const id of ['d2', 'd3']) ledger.documents.plan(makePlan(id))
  take({ v: 1, kind: 'duplicate', jobId: 'jd3', documentId: 'd3', input, of: 'd2' })
  take(pageReport({ jobId: 'jd2', documentId: 'd2' }, { warnings }))
  const { outcome, warnings: shared } = rowOf(ledger, 'd3')
  assert.deepEqual([outcome, shared], ['duplicate', ['reading_given_up']])
  assert.deepEqual(ledger.pages.results('d3')[0]?.warnings, warnings)
})
