import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { missingJobs } from '../../../../services/ledger/document-jobs.ts'
import type { Plan } from '../../../../services/ledger/document.ts'
import { documentOf } from '../../../../services/outputs/from-ledger.ts'
import { planAgain } from '../../../../services/aggregator/planning/plan-file.ts'
import { nextPass } from '../../../../services/ledger/document-jobs.ts'
import { recordPlan } from '../../../../services/aggregator/planning/record-plan.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import type { StreamEntry } from '../../../../shared/redis/result-stream.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import {
  failedReport,
  input,
  makeRequest,
  makeRun,
  pageReport,
} from '../../../helpers/ledger/records.ts'

const pageOf = (id: string, page: number) => ({ jobId: `j${id}n${page}`, documentId: id })
const error = { code: 'page_timeout', message: 'took too long' }

function setUp(t: TestContext, pages = '') {
  const ledger = makeLedger(t)
  const recipe = { ...defaultRecipe, pages }
  const request = makeRequest({ recipe })
  ledger.runs.add(request, 'fp')
  for (const id of ['d1', 'd2']) ledger.documents.plan(makePlan(id))
  const record = createRecorder(ledger, () => undefined)
  const take = (...entries: StreamEntry[]) => ledger.transaction(() => record(entries))
  const read = (page: number, total = 3) =>
    pageReport(pageOf('d1', page), { page, text: `p${page}` }, total)
  const failed = (page: number, pagesTotal = 3) =>
    failedReport(pageOf('d1', page), { page, pagesTotal, outcome: 'timeout', error })
  const expanded: StreamEntry = {
    v: 1,
    kind: 'expanded',
    jobId: 'jd1',
    documentId: 'd1',
    input,
    pagesTotal: 3,
  }
  return { ledger, recipe, run: makeRun({ recipe }), take, read, failed, expanded }
}

test('a bad page fails alone: the document is partial, has the other pages, and names the failed one', async (t) => {
  const { ledger, recipe, take, read, failed, expanded } = setUp(t)
  assert.deepEqual(take(failed(2)).read, [])
  assert.deepEqual(take(expanded, read(1)).read, [])
  assert.deepEqual(take(read(3)).read, ['d1'])
  const row = rowOf(ledger, 'd1')
  assert.deepEqual([row.outcome, row.error?.code], ['partial', 'page_timeout'])
  assert.equal(row.error?.message, 'page 2 of 3 took too long')
  const document = await documentOf(ledger, row, { recipe })
  assert.deepEqual(
    [...document.pages].map(({ text }) => text),
    ['p1', 'p3'],
  )
  assert.deepEqual(document.failedPages, [{ page: 2, outcome: 'timeout', error }])
})

test('a document whose pages all failed has the outcome of its first page', (t) => {
  const { ledger, take, failed, expanded } = setUp(t)
  assert.deepEqual(take(expanded, failed(3), failed(2), failed(1)).failed, ['d1'])
  const row = rowOf(ledger, 'd1')
  assert.equal(row.outcome, 'timeout')
  assert.equal(row.error?.message, 'page 1 of 3 took too long (and 2 more pages failed)')
})

test('with requested pages the document is complete with them', (t) => {
  const { ledger, run, take, read, expanded } = setUp(t, '2-9')
  take(expanded)
  const jobs = missingJobs(run, rowOf(ledger, 'd1'), [])
  assert.deepEqual(
    jobs.map(({ job }) => job.page),
    [2, 3],
  )
  assert.deepEqual(take(read(3)).read, [])
  assert.deepEqual(take(read(2)).read, ['d1'])
})

test('a twin of a partial document copies its pages, and is partial too', (t) => {
  const { ledger, take, read, failed, expanded } = setUp(t)
  take(expanded, read(1), failed(2))
  take({ v: 1, kind: 'duplicate', jobId: 'jd2', documentId: 'd2', input, of: 'd1' })
  assert.deepEqual(take(read(3)).read, ['d1', 'd2'])
  const twin = rowOf(ledger, 'd2')
  assert.deepEqual(
    [twin.outcome, twin.duplicateOf, twin.error?.code],
    ['partial', 'd1', 'page_timeout'],
  )
  assert.deepEqual(ledger.pages.failures('d2'), ledger.pages.failures('d1'))
})

function endPartly(t: TestContext) {
  const scene = setUp(t)
  scene.take(scene.expanded, scene.read(1), scene.failed(2), scene.read(3))
  scene.ledger.documents.settle(firstPass('d1'), {})
  return { ...scene, row: rowOf(scene.ledger, 'd1') }
}

test('only the failed pages of a partial document are read again, and complete it', (t) => {
  const { ledger, run, row, take } = endPartly(t)
  const kept = planAgain(ledger, row, nextPass(row), 'rest')
  const jobs = missingJobs(run, rowOf(ledger, 'd1'), kept ?? [])
  assert.deepEqual(
    jobs.map(({ job }) => job.page),
    [2],
  )
  const [again] = jobs
  const { read } = take(
    pageReport({ jobId: again?.jobId ?? '', documentId: 'd1' }, { page: 2, text: 'p2' }, 3),
  )
  assert.deepEqual(read, ['d1'])
  const { outcome, error } = rowOf(ledger, 'd1')
  assert.deepEqual([outcome, error], ['succeeded', null])
  assert.deepEqual(
    ledger.pages.results('d1').map(({ text }) => text),
    ['p1', 'p2', 'p3'],
  )
})

test('a partial document is read again in full if its file changed, or with --force', (t) => {
  const changed = (plan: Plan): Plan => ({ ...plan, stat: '4-2-2' })
  for (const [extent, change] of [
    ['all', (plan: Plan) => plan],
    ['rest', changed],
  ] as const) {
    const { ledger, run, row } = endPartly(t)
    assert.deepEqual(planAgain(ledger, row, change(nextPass(row)), extent), [])
    const jobs = missingJobs(run, rowOf(ledger, 'd1'), [])
    assert.deepEqual(
      jobs.map(({ job }) => job.page),
      [undefined],
      'it is opened again',
    )
    assert.deepEqual(ledger.pages.states('d1'), [])
  }
})

/** Of three pages the first was read and the second failed when the run was killed; another run finds the document. */
function goOnWith(t: TestContext, given: Partial<FolderRequest>) {
  const scene = setUp(t)
  const { ledger, take, read, failed, expanded } = scene
  take(expanded, read(1), failed(2))
  const run = makeRun({ runId: 'r2', ...given })
  const plan = { ...makePlan('d1'), runId: run.id }
  const known = ledger.documents.getMany(['d1'])
  const { jobs } = recordPlan(ledger, run, [{ action: 'read', plan, mayHaveTwin: true }], [], known)
  return { ...scene, jobs, pages: jobs.map(({ job }) => job.page) }
}

test('--retry-failed reads the failed page of a document that another run left open', (t) => {
  const { ledger, take, failed, jobs, pages } = goOnWith(t, { retryFailed: true })
  assert.deepEqual(pages, [2, 3], 'the page that was read stays')
  take(failed(2)) // Delivered again.
  const reports = jobs.map(({ jobId, job: { documentId, page = 0 } }) =>
    pageReport({ jobId, documentId }, { page, text: `p${page}` }, 3),
  )
  assert.deepEqual(take(...reports).read, ['d1'])
  assert.equal(rowOf(ledger, 'd1').outcome, 'succeeded')
  assert.deepEqual(
    ledger.pages.results('d1').map(({ text }) => text),
    ['p1', 'p2', 'p3'],
  )
})

test('a forced run reads a document that another run left open in full, any other run only its rest', (t) => {
  assert.deepEqual(goOnWith(t, { force: true }).pages, [undefined], 'it is opened again')
  for (const given of [{}, { runId: 'r1', retryFailed: true }, { runId: 'r1', force: true }]) {
    const { ledger, jobs, pages } = goOnWith(t, given)
    assert.deepEqual(pages, [3])
    assert.equal(jobs[0]?.jobId, 'jd1n3', 'its job may be on the queue')
    assert.equal(ledger.pages.states('d1').length, 2)
  }
})
