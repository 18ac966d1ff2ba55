import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createCollector } from '../../../../services/aggregator/results/collector.ts'
import { createPublisher } from '../../../../services/outputs/publish/publisher.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import type { PageRead } from '../../../../services/aggregator/results/recorded.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { Acceptance } from '../../../../shared/contract/messages/command.ts'
import { createPageQueue } from '../../../../shared/redis/queue.ts'
import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import {
  announce,
  createReporter,
  createResultReader,
  type ResultReader,
} from '../../../../shared/redis/result-stream.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan, planInto, rowOf } from '../../../helpers/ledger/ledger.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  failedReport,
  input,
  makeAcceptance,
  makePage,
  makeRequest,
  pageReport,
  uploadOf,
} from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0
const ignore = (): void => undefined

type Fault = (reader: ResultReader, connection: Redis) => Partial<ResultReader>

/** A collector over planned documents; `fault` may get between it and the stream. */
function setUp(t: TestContext, ids: readonly string[], fault: Fault = () => ({})) {
  scenes += 1
  const keys = createKeys(`c${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const ledger = makeLedger(t)
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ out }), 'fp')
  for (const id of ids) planInto(ledger, out, makePlan(id))
  const reading = server.connect()
  const reader = createResultReader(reading, keys, 'a', freeLease(redis))
  const final: string[] = []
  const pages: PageRead[] = []
  const accepted: Acceptance[] = []
  const collector = createCollector({
    ledger,
    reader: { ...reader, ...fault(reader, reading) },
    queue,
    publisher: createPublisher(ledger, ignore, silent),
    record: createRecorder(ledger, ignore),
    onAccepted: (taken) => accepted.push(...taken),
    onPages: (read) => pages.push(...read),
    onFinal: (ended) => final.push(...ended),
    log: silent,
  })
  const stopping = new AbortController()
  /** Collects present entries, and further ones until `isDone`. */
  const collect = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
    await collector.recover()
    const running = collector.run(stopping.signal)
    try {
      await Promise.race([waitFor('the results are collected', isDone), running])
    } finally {
      stopping.abort()
      await running
    }
  }
  const reporter = createReporter(redis, keys)
  return { ledger, out, queue, keys, collect, reporter, final, pages, accepted, collector }
}

const about = (id: string) => ({ jobId: `j${id}`, documentId: id })

test('reports are recorded, written, announced and acknowledged', async (t) => {
  const { ledger, out, collect, reporter, final, pages } = setUp(t, ['d1', 'd2'])
  await reporter.report(pageReport(about('d1')))
  await reporter.report(failedReport(about('d2')))
  await collect(() => final.length === 2)
  assert.deepEqual(final.toSorted(), ['d1', 'd2'])
  assert.deepEqual(pages, [{ runId: 'r1', documentId: 'd1', page: 1, pagesTotal: 1 }])
  assert.equal(rowOf(ledger, 'd1').state, 'final')
  assert.equal(readFileSync(join(out, 'd1.png.txt'), 'utf8'), 'hello\n')
  assert.equal(await reporter.backlog(), 0)
})

test('an acceptance is announced once it is in the ledger, and is readable by later entries', async (t) => {
  const { ledger, keys, collect, reporter, final, accepted } = setUp(t, [])
  const acceptance = makeAcceptance(['one', 'two'])
  const [one] = acceptance.documents
  await announce(redis, keys, acceptance)
  await reporter.report(pageReport({ jobId: one?.jobId ?? '', documentId: uploadOf('one') }))
  await collect(() => final.length === 1)
  assert.deepEqual(accepted, [acceptance])
  assert.equal(rowOf(ledger, uploadOf('one')).outcome, 'succeeded')
  assert.equal(rowOf(ledger, uploadOf('two')).state, 'planned')
  assert.equal(await reporter.backlog(), 0)
})

test('results from outside the stream are recorded alike', async (t) => {
  const { ledger, out, collector, final, accepted } = setUp(t, ['d1'])
  await collector.absorb([pageReport(about('d1')), makeAcceptance(['one'])])
  assert.deepEqual(final, ['d1'])
  assert.equal(readFileSync(join(out, 'd1.png.txt'), 'utf8'), 'hello\n')
  assert.equal(accepted.length, 1)
  assert.equal(rowOf(ledger, uploadOf('one')).state, 'planned')
})

test('results are collected until the stream is empty, also after a stop request', async (t) => {
  const ids = Array.from({ length: 450 }, (_, index) => `d${index}`)
  const { collect, reporter, final } = setUp(t, ids)
  for (const id of ids) await reporter.report(failedReport(about(id)))
  await collect(() => true)
  assert.equal(final.length, 450)
  assert.equal(await reporter.backlog(), 0)
})

test('documents read but not written before a crash are written at the next start', async (t) => {
  const { ledger, out, collect, final } = setUp(t, ['d1'])
  ledger.documents.setInput(firstPass('d1'), input, 1)
  ledger.pages.putResult('d1', makePage())
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w' },
    null,
  )
  await collect(() => final.length === 1)
  assert.equal(readFileSync(join(out, 'd1.png.txt'), 'utf8'), 'hello\n')
})

test('entries that a dead aggregator never acknowledged are collected', async (t) => {
  const { keys, collect, reporter, final } = setUp(t, ['d1'])
  await reporter.report(pageReport(about('d1')))
  const dead = createResultReader(redis, keys, 'a', freeLease(redis))
  await dead.open()
  assert.equal((await dead.next(10, 1)).length, 1)
  await collect(() => final.length === 1)
  assert.equal(await reporter.backlog(), 0)
})

test('a lost acknowledgement does not keep documents from ending', async (t) => {
  let refusals = 0
  const { ledger, collect, reporter, final } = setUp(t, ['d1', 'd2'], () => ({
    async acknowledge() {
      refusals += 1
      throw new Error('Connection is closed.')
    },
  }))
  await reporter.report(pageReport(about('d1')))
  await reporter.report(failedReport(about('d2')))
  await collect(() => refusals > 0)
  assert.equal(rowOf(ledger, 'd1').state, 'final')
  assert.deepEqual(final.toSorted(), ['d1', 'd2'])
})

test('a result that cannot be parsed stays on the stream and blocks nothing', async (t) => {
  const { keys, collect, reporter, final } = setUp(t, ['d1'])
  await redis.xadd(keys.results, '*', 'b', 'from the future')
  await reporter.report(pageReport(about('d1')))
  await collect(() => final.length === 1)
  assert.equal(await reporter.backlog(), 1)
})

test('a document that must be read after all is requeued', async (t) => {
  const { ledger, queue, collect, reporter } = setUp(t, ['d1'])
  await reporter.report({ v: 1, kind: 'hashed', ...about('d1'), input })
  await collect(() => rowOf(ledger, 'd1').pass === 2)
  const { jobId } = rowOf(ledger, 'd1')
  assert.deepEqual(await queue.present([jobId, 'jd1']), new Set([jobId]))
})

test('a stream that was wiped is opened again', async (t) => {
  const { keys, collect, reporter, final } = setUp(t, ['d1', 'd2'])
  await reporter.report(pageReport(about('d1')))
  await collect(async () => {
    if (final.length === 0) return false
    if ((await redis.exists(keys.done('jd2'))) === 0) {
      await redis.del(keys.results)
      await reporter.report(pageReport(about('d2')))
    }
    return final.length === 2
  })
  assert.deepEqual(final.toSorted(), ['d1', 'd2'])
})

test('entries delivered into a broken connection are collected after the reconnect', async (t) => {
  let isCut = false
  const cut = (reader: ResultReader, connection: Redis): Partial<ResultReader> => ({
    /** The first answer with entries never arrives; ioredis repeats the read by itself. */
    async next(count, blockMs) {
      const entries = await reader.next(count, blockMs)
      if (isCut || entries.length === 0) return entries
      isCut = true
      await redis.client('KILL', 'ID', await connection.client('ID'))
      return reader.next(count, blockMs)
    },
  })
  const { collect, reporter, final } = setUp(t, ['d1', 'd2'], cut)
  await reporter.report(pageReport(about('d1')))
  await collect(async () => {
    if (isCut && final.length === 0) await reporter.report(pageReport(about('d2')))
    return new Set(final).size === 2
  })
})

test('a Redis full of results is drained, and documents are queued once it has room', async (t) => {
  const { ledger, queue, collect, reporter, final } = setUp(t, ['d1', 'd2'])
  await reporter.report(pageReport(about('d1')))
  await reporter.report({
    v: 1,
    kind: 'hashed',
    ...about('d2'),
    input: { ...input, sha256: 'another' },
  })
  await redis.config('SET', 'maxmemory', '1mb')
  try {
    await collect(async () => (await reporter.backlog()) === 0)
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
  assert.deepEqual(final, ['d1'])
  const { state, pass, jobId } = rowOf(ledger, 'd2')
  assert.deepEqual({ state, pass }, { state: 'planned', pass: 2 })
  assert.deepEqual(await queue.present([jobId]), new Set()) // The reconciler adds it.
})
