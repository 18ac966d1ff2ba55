import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test, type TestContext } from 'node:test'
import { Queue, Worker } from 'bullmq'
import { createReconciler } from '../../../../services/aggregator/upkeep/reconciler.ts'
import { createJobMarks } from '../../../../shared/redis/job-marks.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { WorkerReport } from '../../../../shared/contract/messages/worker-report.ts'
import { bands, priorityAt } from '../../../../shared/redis/fair-turns.ts'
import { createPageQueue, queueName } from '../../../../shared/redis/queue.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  input,
  makeJob,
  makePage,
  makeRequest,
  makeRun,
  makeUploadRequest,
  pageReport,
} from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

async function fail(): Promise<void> {
  throw new Error('job stalled more than allowable limit')
}

function setUp(t: TestContext) {
  scenes += 1
  const keys = createKeys(`r${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest(), 'fp')
  const recorded: WorkerReport[] = []
  const reconcile = createReconciler({
    ledger,
    queue,
    marks: createJobMarks(redis, keys),
    async absorb(reports) {
      recorded.push(...reports)
    },
    log: silent,
  })
  /** Lets every waiting job fail for good, as BullMQ does with one that has stalled too often. */
  const failAll = async (count: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const worker = new Worker(queueName, fail, { connection: redis, prefix: keys.bullPrefix })
    let failed = 0
    worker.on('failed', () => {
      failed += 1
      if (failed === count) resolve()
    })
    await promise
    await worker.close()
  }
  return { keys, queue, ledger, recorded, reconcile: () => reconcile([makeRun()]), failAll }
}

test('planned jobs that Redis lost are added again', async (t) => {
  const { queue, ledger, reconcile } = setUp(t)
  for (const id of ['d1', 'd2', 'd3']) ledger.documents.plan(makePlan(id))
  await queue.add([{ jobId: 'jd1', job: makeJob(), band: bands.bulk, caller: 'tester' }])
  ledger.documents.fail(firstPass('d3'), 'rejected', { code: 'corrupt_image', message: '' })
  await reconcile()
  assert.deepEqual(await queue.present(['jd1', 'jd2', 'jd3']), new Set(['jd1', 'jd2']))
})

test('unfinished pages of an opened document are requeued', async (t) => {
  const { queue, ledger, reconcile } = setUp(t)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, 4)
  ledger.pages.putResult('d1', makePage({ page: 2 }))
  const error = { code: 'page_timeout', message: '' }
  ledger.pages.putFailure('d1', { page: 3, outcome: 'timeout', error, attempts: 2, worker: 'w' })
  await reconcile()
  const ids = ['jd1', 'jd1n1', 'jd1n2', 'jd1n3', 'jd1n4']
  assert.deepEqual(await queue.present(ids), new Set(['jd1n1', 'jd1n4']))
})

test('uploads that Redis lost are requeued unchanged, whatever their run', async (t) => {
  const { keys, queue, ledger, reconcile } = setUp(t)
  ledger.runs.add(makeUploadRequest(), 'fp')
  for (const id of ['d1', 'd2', 'd3']) {
    const plan = makePlan(id, { runId: 'u1', stat: '' })
    ledger.documents.planUpload({ ...plan, sha256: `hash of ${id}`, mediaType: 'image/png' })
  }
  ledger.documents.setInput(firstPass('d2'), { ...input, sha256: 'hash of d2' }, 2)
  ledger.documents.fail(firstPass('d3'), 'rejected', { code: 'corrupt_image', message: '' })
  await reconcile()
  const ids = ['jd1', 'jd2', 'jd2n1', 'jd2n2', 'jd3']
  assert.deepEqual(await queue.present(ids), new Set(['jd1', 'jd2n1', 'jd2n2']))
  const raw = new Queue(queueName, { connection: redis, prefix: keys.bullPrefix })
  t.after(() => raw.close())
  const [document, page] = [await raw.getJob('jd1'), await raw.getJob('jd2n1')]
  const { root, path, name, isInteractive, requestId } = document?.data ?? {}
  assert.deepEqual(
    { root, path, name, isInteractive, requestId },
    {
      root: '/spool',
      path: 'hash of d1',
      name: 'd1.png',
      isInteractive: true,
      requestId: 'request-1',
    },
  )
  assert.equal(document?.data.stat, undefined)
  assert.deepEqual(
    [document?.opts.priority, page?.opts.priority],
    [priorityAt(bands.interactive, 0), priorityAt(bands.interactivePage, 0)],
  )
})

test('jobs that the queue gave up are reported as failures, once', async (t) => {
  const { queue, recorded, reconcile, failAll } = setUp(t)
  const page = makeJob({ documentId: 'd1', attempts: 1, page: 2, pagesTotal: 5 })
  await queue.add([{ jobId: 'jd1n2', job: page, band: bands.page, caller: 'tester' }])
  await failAll(1)
  await reconcile()
  await reconcile()
  assert.equal(recorded.length, 1)
  const [report] = recorded
  assert.ok(report?.kind === 'failed')
  const { jobId, documentId, outcome, error, pagesTotal } = report
  assert.deepEqual(
    { jobId, documentId, outcome, code: error.code, page: report.page, pagesTotal },
    {
      jobId: 'jd1n2',
      documentId: 'd1',
      outcome: 'engine_crash',
      code: 'worker_crash',
      page: 2,
      pagesTotal: 5,
    },
  )
  assert.match(error.message, /stalled more than allowable/)
})

test('a failed job stays in Redis until its failure is recorded', async (t) => {
  const { keys, queue, ledger, failAll } = setUp(t)
  await queue.add([
    { jobId: 'j1', job: makeJob({ attempts: 1 }), band: bands.page, caller: 'tester' },
  ])
  await failAll(1)
  const reconcile = createReconciler({
    ledger,
    queue,
    marks: createJobMarks(redis, keys),
    absorb: () => Promise.reject(new Error('the disk is full')),
    log: silent,
  })
  await assert.rejects(reconcile([]), /the disk is full/)
  assert.equal((await queue.failed(10)).length, 1)
})

test('a failed job that cannot be parsed does not block the others', async (t) => {
  const { keys, queue, ledger, recorded, reconcile, failAll } = setUp(t)
  const raw = new Queue(queueName, { connection: redis, prefix: keys.bullPrefix })
  t.after(() => raw.close())
  await raw.add('page', { from: 'the future' }, { jobId: 'odd' })
  await queue.add([
    { jobId: 'j1', job: makeJob({ attempts: 1 }), band: bands.page, caller: 'tester' },
  ])
  await failAll(2)
  ledger.documents.plan(makePlan('d9'))
  await reconcile()
  assert.deepEqual(
    recorded.map(({ jobId }) => jobId),
    ['j1'],
  )
  assert.deepEqual(await queue.present(['jd9']), new Set(['jd9']))
  assert.deepEqual(await queue.failed(10), [])
})

test('a document is read itself if the one it waits for ended without a result, or is gone', async (t) => {
  const { queue, ledger, reconcile } = setUp(t)
  const { documents } = ledger
  for (const id of ['d1', 'd2', 'd3', 'd4', 'd5']) documents.plan(makePlan(id))
  documents.waitFor(firstPass('d2'), 'd1')
  documents.waitFor(firstPass('d3'), 'gone')
  documents.waitFor(firstPass('d5'), 'd4')
  documents.fail(firstPass('d1'), 'rejected', { code: 'not_found', message: '' })
  await reconcile()
  const states = ['d2', 'd3', 'd5'].map((id) => documents.get(id)?.state)
  assert.deepEqual(states, ['planned', 'planned', 'waiting'])
  const jobs = ['d2', 'd3'].map((id) => documents.get(id)?.jobId ?? '')
  assert.deepEqual(await queue.present(jobs), new Set(jobs))
})

test('a completion mark of a planned job is dropped unless its report is on the way', async (t) => {
  const { keys, queue, ledger, reconcile } = setUp(t)
  for (const id of ['d1', 'd2', 'd3']) ledger.documents.plan(makePlan(id))
  const reporter = createReporter(redis, keys)
  await reporter.report(pageReport({ jobId: 'jd1', documentId: 'd1' }))
  await reporter.report(pageReport({ jobId: 'jd2', documentId: 'd2' }))
  await redis.set(keys.cancelled('jd3'), '1')
  const [first] = await redis.xrange(keys.results, '-', '+', 'COUNT', 1)
  await redis.xdel(keys.results, first?.[0] ?? '') // As if it had been recorded in a ledger that is lost now.
  await reconcile()
  assert.deepEqual(await queue.present(['jd1', 'jd2', 'jd3']), new Set(['jd1', 'jd3']))
  const { isDone } = await reporter.history('jd1')
  const { isCancelled } = await reporter.history('jd3')
  assert.deepEqual({ isDone, isCancelled }, { isDone: false, isCancelled: false })
})

test('a job whose report is recorded during the check is not added again', async (t) => {
  const { keys, queue, ledger } = setUp(t)
  ledger.documents.plan(makePlan('d1'))
  const reconcile = createReconciler({
    ledger,
    queue,
    marks: {
      ...createJobMarks(redis, keys),
      async dropStale() {
        ledger.documents.fail(firstPass('d1'), 'rejected', { code: 'corrupt_image', message: '' })
        return new Set()
      },
    },
    absorb: async () => undefined,
    log: silent,
  })
  await reconcile([makeRun()])
  assert.deepEqual(await queue.present(['jd1']), new Set())
})

test('an old completed job with the same id does not hide a planned one', async (t) => {
  const { keys, queue, ledger, reconcile } = setUp(t)
  const raw = new Queue(queueName, { connection: redis, prefix: keys.bullPrefix })
  t.after(() => raw.close())
  await raw.add('page', makeJob(), { jobId: 'jd1', removeOnComplete: false })
  const worker = new Worker(queueName, async () => 'kept', {
    connection: redis,
    prefix: keys.bullPrefix,
  })
  await once(worker, 'completed')
  await worker.close()
  ledger.documents.plan(makePlan('d1'))
  await reconcile()
  assert.equal(await (await raw.getJob('jd1'))?.getState(), 'prioritized')
  assert.deepEqual(await queue.present(['jd1']), new Set(['jd1']))
})
