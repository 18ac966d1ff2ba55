import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ScriptoriumError, type ErrorCode } from '../../../../shared/process/errors.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { Job } from '../../../../shared/contract/messages/job.ts'
import type { WorkerReport } from '../../../../shared/contract/messages/worker-report.ts'
import { untilTaken } from '../../../../shared/redis/connection/redis-trouble.ts'
import {
  createReporter,
  createResultReader,
  openEntry,
} from '../../../../shared/redis/result-stream.ts'
import { createDesk, type Desk } from '../../../../workers/ocr/jobs/desk.ts'
import { createProcessor } from '../../../../workers/ocr/jobs/processor.ts'
import type { JobDelivery } from '../../../../workers/ocr/jobs/reading.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeJob, pageReport } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const reading = server.connect()
let scenes = 0

/** A processor whose reading is `read`, and its reports. */
function setUp(read: (delivery: JobDelivery, desk: Desk) => Promise<WorkerReport> = readWell) {
  scenes += 1
  const keys = createKeys(`w${scenes}`)
  const reporter = createReporter(redis, keys)
  const processor = createProcessor({
    workerId: 'w1',
    redis,
    keys,
    reporter,
    desk: createDesk(),
    read,
    persistently: untilTaken,
    log: silent,
  })
  const reports = async (): Promise<WorkerReport[]> => {
    const reader = createResultReader(reading, keys, 'a', freeLease(redis))
    await reader.open()
    return (await reader.next(10, 1))
      .map(openEntry)
      .flatMap((entry) => ('entry' in entry && entry.entry.kind !== 'accepted' ? entry.entry : []))
  }
  const deliver = (
    jobId: string,
    job: Job,
    failedBefore: number,
    cancelling = new AbortController().signal,
  ) => processor(jobId, job, failedBefore, cancelling)
  return { keys, deliver, reports }
}

const readWell = async ({ jobId, job }: JobDelivery): Promise<WorkerReport> =>
  pageReport({ jobId, documentId: job.documentId })
const failWith = (code: ErrorCode) => async (): Promise<never> => {
  throw new ScriptoriumError(code, 'for a reason')
}
const failureOf = (report: WorkerReport | undefined) => {
  assert.ok(report?.kind === 'failed')
  return { outcome: report.outcome, code: report.error.code, attempts: report.attempts }
}

test('a job is read and reported once, however often it is delivered', async () => {
  let readings = 0
  const { deliver, reports } = setUp((delivery) => {
    readings += 1
    return readWell(delivery)
  })
  assert.equal(await deliver('j1', makeJob(), 0), 'reported')
  assert.equal(await deliver('j1', makeJob(), 0), 'done before')
  assert.equal(readings, 1)
  assert.equal((await reports()).length, 1)
})

test('a faulty document is reported at once, with its code', async () => {
  const { deliver, reports } = setUp(failWith('corrupt_image'))
  await deliver('j1', makeJob({ page: 2, pagesTotal: 5 }), 0)
  const [report] = await reports()
  assert.deepEqual(failureOf(report), { outcome: 'rejected', code: 'corrupt_image', attempts: 1 })
  assert.ok(report?.kind === 'failed')
  assert.deepEqual([report.page, report.pagesTotal, report.worker], [2, 5, 'w1'])
})

test('a failed attempt is reported and requeued until the attempts are used up', async () => {
  const { deliver, reports } = setUp(failWith('engine_failed'))
  await assert.rejects(deliver('j1', makeJob(), 0), { code: 'engine_failed' })
  await assert.rejects(deliver('j1', makeJob(), 1), { code: 'engine_failed' })
  const error = { code: 'engine_failed', message: 'for a reason' }
  const retrying = { v: 1, kind: 'retrying', jobId: 'j1', documentId: 'd1', page: null, error }
  assert.deepEqual(await reports(), [retrying, retrying])
  assert.equal(await deliver('j1', makeJob(), 2), 'reported')
  const [report] = await reports()
  assert.deepEqual(failureOf(report), { outcome: 'failed', code: 'engine_failed', attempts: 3 })
})

test('a page that times out gets at most two attempts', async () => {
  const { deliver, reports } = setUp(failWith('page_timeout'))
  await assert.rejects(deliver('j1', makeJob({ attempts: 5 }), 0), { code: 'page_timeout' })
  await deliver('j1', makeJob({ attempts: 5 }), 1)
  const report = (await reports()).at(-1)
  assert.deepEqual(failureOf(report), { outcome: 'timeout', code: 'page_timeout', attempts: 2 })
})

test('a file that cannot be had counts as no attempt, and is not reported', async () => {
  for (const code of ['blob_unavailable', 'blob_refused', 'expired'] as const) {
    const { keys, deliver, reports } = setUp((_, desk) => desk.prepare(failWith(code)))
    await assert.rejects(deliver('j1', makeJob({ attempts: 1 }), 0), { code })
    assert.equal(await redis.get(keys.begun('j1')), '0')
    assert.deepEqual(await reports(), [])
  }
})

test('one attempt means no retry', async () => {
  const { deliver, reports } = setUp(failWith('page_timeout'))
  await deliver('j1', makeJob({ attempts: 1 }), 0)
  assert.equal(failureOf((await reports())[0]).attempts, 1)
})

test('each error code maps to its outcome', async () => {
  const meanings: [ErrorCode, string][] = [
    ['engine_crash', 'engine_crash'],
    ['engine_boot_failed', 'failed'],
    ['recipe_mismatch', 'failed'],
    ['too_large', 'rejected'],
    ['unstable', 'rejected'],
    ['corrupt_upload', 'rejected'],
    ['cancelled', 'cancelled'],
  ]
  for (const [code, outcome] of meanings) {
    const { deliver, reports } = setUp(failWith(code))
    await deliver('j1', makeJob({ attempts: 1 }), 0)
    assert.equal(failureOf((await reports())[0]).outcome, outcome, code)
  }
})

test('an unknown error is retried, because it may be temporary', async () => {
  const { deliver } = setUp(async () => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  })
  await assert.rejects(deliver('j1', makeJob(), 0), { code: 'engine_failed', message: /EIO/ })
})

test('an outage of Redis during a reading has its own code and is no engine failure', async () => {
  const { deliver, reports } = setUp(async () => {
    throw new Error('Connection is closed.')
  })
  await assert.rejects(deliver('j1', makeJob(), 0), { code: 'redis_unreachable' })
  await deliver('j1', makeJob(), 2)
  const { outcome, code } = failureOf((await reports()).at(-1))
  assert.deepEqual([outcome, code], ['failed', 'redis_unreachable'])
})

test('a started reading is counted in Redis until it is reported', async () => {
  const counts: (string | null)[] = []
  const { keys, deliver } = setUp(async (delivery, desk) => {
    await desk.prepare(async () => counts.push(await redis.get(keys.begun('j1'))))
    counts.push(await redis.get(keys.begun('j1')))
    await desk.read(async () => {
      counts.push(await redis.get(keys.begun('j1')))
      assert.ok((await redis.ttl(keys.begun('j1'))) > 0)
    })
    return readWell(delivery)
  })
  await deliver('j1', makeJob(), 0)
  assert.deepEqual(counts, ['1', '1', '1'])
  assert.equal(await redis.exists(keys.begun('j1')), 0)
})

test('a failed reading does not count as a crash', async () => {
  const { keys, deliver } = setUp((_, desk) => desk.read(failWith('engine_failed')))
  await assert.rejects(deliver('j1', makeJob(), 0))
  assert.equal(await redis.get(keys.begun('j1')), '0')
})

test('a page that killed its worker is retried, and fails after three deaths', async () => {
  const { keys, deliver, reports } = setUp()
  await redis.set(keys.begun('j1'), 1)
  await redis.set(keys.begun('j2'), 3)
  await deliver('j1', makeJob(), 0)
  await deliver('j2', makeJob(), 0)
  const [first, second] = await reports()
  assert.equal(first?.kind, 'page')
  assert.deepEqual(failureOf(second), {
    outcome: 'failed',
    code: 'poison',
    attempts: 4,
  })
})

test('a document is set aside after three of its pages killed their worker, other documents are not', async () => {
  const labels: string[] = []
  const { keys, deliver, reports } = setUp((delivery) => {
    labels.push(delivery.jobId)
    return readWell(delivery)
  })
  const pages = { pagesTotal: 9 }
  for (const page of [1, 2, 3]) {
    await redis.set(keys.begun(`j1n${page}`), 3)
    await deliver(`j1n${page}`, makeJob({ ...pages, page }), 0)
  }
  await deliver('j1n4', makeJob({ ...pages, page: 4 }), 0)
  await deliver('j2n4', makeJob({ ...pages, page: 4 }), 0)
  assert.deepEqual(labels, ['j2n4'])
  const [, , , fourth, other] = await reports()
  assert.ok(fourth?.kind === 'failed')
  assert.equal(fourth.error.code, 'poison')
  assert.match(fourth.error.message, /^was not read: worker processes died over 3 other pages/)
  assert.equal(other?.kind, 'page')
})

test('a job cancelled before its delivery is not read', async () => {
  let readings = 0
  const { keys, deliver, reports } = setUp((delivery) => {
    readings += 1
    return readWell(delivery)
  })
  await redis.set(keys.cancelled('j1'), '1')
  assert.equal(await deliver('j1', makeJob(), 0), 'cancelled')
  assert.equal(await deliver('j1n3', makeJob({ page: 3, pagesTotal: 4 }), 0), 'cancelled')
  assert.equal(await deliver('j2', makeJob(), 0), 'reported')
  assert.equal(readings, 1)
  assert.deepEqual(
    (await reports()).map(({ jobId }) => jobId),
    ['j2'],
  )
  assert.equal(await redis.exists(keys.begun('j1')), 0)
})

test('a job cancelled during its reading ends as cancelled without a retry', async () => {
  const cancelling = new AbortController()
  const { deliver, reports } = setUp(async (delivery) => {
    cancelling.abort()
    assert.equal(delivery.cancelling.aborted, true, 'its reader can see that')
    return failWith('cancelled')()
  })
  assert.equal(await deliver('j1', makeJob({ attempts: 5 }), 0, cancelling.signal), 'reported')
  const [report] = await reports()
  assert.deepEqual(failureOf(report), { outcome: 'cancelled', code: 'cancelled', attempts: 1 })
})
