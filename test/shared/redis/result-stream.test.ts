import assert from 'node:assert/strict'
import { zstdCompressSync } from 'node:zlib'
import { after, beforeEach, test } from 'node:test'
import { createKeys } from '../../../shared/redis/keys.ts'
import {
  announce,
  createReporter,
  createResultReader,
  openEntry,
  pack,
  unpack,
  type Taken,
} from '../../../shared/redis/result-stream.ts'
import { freeLease } from '../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import {
  failedReport,
  makeAcceptance,
  pageReport,
  uploadReport,
} from '../../helpers/ledger/records.ts'
import { waitFor } from '../../helpers/wait.ts'

const redisServer = await startPrivateRedis()
after(() => redisServer.close())
const redis = redisServer.connect()
const reading = redisServer.connect()

let keys = createKeys('t')
let run = 0
beforeEach(() => {
  run += 1
  keys = createKeys(`t${run}`)
})

const first = pageReport({ jobId: 'j1', documentId: 'd1' }, { text: 'größe 漢字' })
const second = failedReport({ jobId: 'j2', documentId: 'd2' })
const openReader = async (consumer = 'a') => {
  const reader = createResultReader(reading, keys, consumer, freeLease(redis))
  await reader.open()
  return reader
}
const jobsOf = (taken: readonly Taken[]): string[] =>
  taken
    .map(openEntry)
    .map((entry) => ('entry' in entry ? String(Object(entry.entry).jobId) : 'error'))

test('unpacking restores the packed value', () => {
  const value = { text: 'größe 漢字', numbers: [1, 2.5, null], nested: { empty: '' } }
  assert.deepEqual(unpack(pack(value)), value)
})

test('packing shrinks text', () => {
  assert.ok(pack({ text: 'all work and no play '.repeat(200) }).length < 400)
})

test("a report, its job's completion mark and the reset of the crash count are atomic", async () => {
  const reporter = createReporter(redis, keys)
  await redis.set(keys.begun('j1'), 1)
  assert.equal((await reporter.history('j1')).isDone, false)
  await reporter.report(first)
  assert.equal((await reporter.history('j1')).isDone, true)
  assert.equal((await reporter.history('j2')).isDone, false)
  assert.equal(await reporter.backlog(), 1)
  assert.equal(await redis.exists(keys.begun('j1')), 0)
  assert.ok((await redis.ttl(keys.done('j1'))) > 0)
})

test('an acceptance precedes the reports about it, and stays unchanged', async () => {
  const acceptance = makeAcceptance(['one', 'two'], {
    labels: { tag: 'größe', metadata: { a: 'b' } },
  })
  await announce(redis, keys, acceptance)
  await createReporter(redis, keys).report(uploadReport(acceptance))
  const taken = await (await openReader()).next(10, 1)
  assert.deepEqual(
    taken.map(openEntry),
    [acceptance, uploadReport(acceptance)].map((entry) => ({ entry })),
  )
})

test('an announcement that a full Redis rejects throws', async (t) => {
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await assert.rejects(announce(redis, keys, makeAcceptance(['one'])), /EXECABORT|OOM/)
  await redis.config('SET', 'maxmemory', '0')
  assert.equal(await redis.exists(keys.results), 0)
})

test('an acceptance that cannot be parsed is returned as an error', async () => {
  await redis.xadd(keys.results, '*', 'b', pack({ ...makeAcceptance(['one']), documents: 'many' }))
  const [entry] = (await (await openReader()).next(10, 1)).map(openEntry)
  assert.match(String(entry && 'error' in entry && entry.error), /an acceptance is malformed/)
})

test('a job is cancelled if its document is, and no other job', async () => {
  const reporter = createReporter(redis, keys)
  await redis.set(keys.cancelled('j1'), '1')
  const isCancelled = async (jobId: string) => (await reporter.history(jobId)).isCancelled
  assert.deepEqual(
    [await isCancelled('j1'), await isCancelled('j1n2'), await isCancelled('j2')],
    [true, true, false],
  )
  assert.deepEqual(await reporter.cancelled(['j1', 'j2']), ['j1'])
  assert.deepEqual(await reporter.cancelled([]), [])
})

test('the start of a page is published on the event stream of its run, which expires', async () => {
  const step = { type: 'started', documentId: 'd1', page: 2, pagesTotal: 3, at: 'now' } as const
  createReporter(redis, keys).tell('r1', step)
  const [entry] = await waitFor('the step is published', async () => {
    const entries = await redis.xrange(keys.events('r1'), '-', '+')
    return entries.length > 0 && entries
  })
  const [name, text = ''] = entry?.[1] ?? []
  assert.equal(name, 's')
  assert.deepEqual(JSON.parse(text), step)
  await waitFor('it will be forgotten', async () => (await redis.ttl(keys.events('r1'))) > 0)
})

test('a report that a full Redis refuses does not mark its job as done', async (t) => {
  const reporter = createReporter(redis, keys)
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await assert.rejects(reporter.report(first), /EXECABORT|OOM/)
  await redis.config('SET', 'maxmemory', '0')
  assert.equal((await reporter.history('j1')).isDone, false)
  assert.equal(await reporter.backlog(), 0)
})

test('reports arrive in order and unchanged', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await reporter.report(second)
  const taken = await (await openReader()).next(10, 1)
  assert.deepEqual(
    taken.map(openEntry),
    [first, second].map((entry) => ({ entry })),
  )
})

test('a read returns at most the requested number of entries, each once', async () => {
  const reporter = createReporter(redis, keys)
  for (const jobId of ['j1', 'j2', 'j3'])
    await reporter.report(pageReport({ jobId, documentId: 'd' }))
  const reader = await openReader()
  assert.deepEqual(jobsOf(await reader.next(2, 1)), ['j1', 'j2'])
  assert.deepEqual(jobsOf(await reader.next(2, 1)), ['j3'])
  assert.deepEqual(await reader.next(2, 1), [])
})

test('unacknowledged entries are delivered again after a restart', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await reporter.report(second)
  const [taken] = await (await openReader()).next(10, 1)
  const restarted = await openReader()
  assert.deepEqual(jobsOf(await restarted.pending('0', 10)), ['j1', 'j2'])
  assert.deepEqual(jobsOf(await restarted.pending(taken?.id ?? '', 10)), ['j2'])
  assert.deepEqual(await restarted.next(10, 1), [], 'it is not new')
})

test('acknowledged entries are removed from the stream', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await reporter.report(second)
  const reader = await openReader()
  const [taken] = await reader.next(10, 1)
  await reader.acknowledge([taken?.id ?? ''])
  await reader.acknowledge([])
  assert.equal(await reporter.backlog(), 1)
  assert.deepEqual(jobsOf(await reader.pending('0', 10)), ['j2'])
})

test('an entry that cannot be parsed is returned as an error beside the others', async () => {
  const reporter = createReporter(redis, keys)
  await redis.xadd(keys.results, '*', 'b', 'not compressed')
  await redis.xadd(keys.results, '*', 'b', pack({ v: 2, kind: 'from the future' }))
  await reporter.report(first)
  const taken = await (await openReader()).next(10, 1)
  assert.deepEqual(jobsOf(taken), ['error', 'error', 'j1'])
  const [, future] = taken.map(openEntry)
  assert.match(String(future && 'error' in future && future.error), /worker report/)
})

test('an entry deleted before its acknowledgement is returned as an error', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  const reader = await openReader()
  const [taken] = await reader.next(10, 1)
  await redis.xdel(keys.results, taken?.id ?? '')
  assert.deepEqual(jobsOf(await reader.pending('0', 10)), ['error'])
})

test('entries that another consumer has just taken stay with it', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await (await openReader('other')).next(10, 1)
  const reader = await openReader()
  assert.deepEqual(await reader.abandoned(10), [])
})

test('entries abandoned by another consumer are taken over', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  const [taken] = await (await openReader('other')).next(10, 1)
  // Redis itself sets the clock of the delivery back.
  await redis.call(
    ...(['XCLAIM', keys.results, 'aggregator', 'other', 0, taken?.id ?? ''] as const),
    ...(['IDLE', 3_600_000] as const),
  )
  assert.deepEqual(jobsOf(await (await openReader()).abandoned(10)), ['j1'])
})

test('opening the stream twice keeps its entries', async () => {
  await createReporter(redis, keys).report(first)
  await openReader()
  assert.deepEqual(jobsOf(await (await openReader()).next(10, 1)), ['j1'])
})

test('a report carries its owner beside its content, and an acceptance its run', async () => {
  const acceptance = makeAcceptance(['one'])
  await announce(redis, keys, acceptance)
  await createReporter(redis, keys).report(first)
  await redis.xadd(keys.results, '*', 'b', pack(second)) // By an older worker.
  const taken = await (await openReader()).next(10, 1)
  assert.deepEqual(
    taken.map(({ of }) => of),
    [
      { jobId: acceptance.request.runId, documentId: '' },
      { jobId: 'j1', documentId: 'd1' },
      undefined,
    ],
  )
})

test('a report above the size limit becomes a failure of its page', async () => {
  const text = 'x'.repeat(7 * 2 ** 20) // Its boxes hold it four times more.
  const long = pageReport({ jobId: 'j1n7', documentId: 'd1' }, { text, page: 7 })
  await createReporter(redis, keys).report(long)
  const [entry] = (await (await openReader()).next(10, 1)).map(openEntry)
  assert.ok(entry !== undefined && 'entry' in entry && entry.entry.kind === 'failed')
  const { jobId, page, outcome, error } = entry.entry
  assert.deepEqual([jobId, page, outcome, error.code], ['j1n7', 7, 'rejected', 'too_large'])
  assert.match(
    error.message,
    /^its text and boxes come to 367\d{5} characters, more than 33554432$/,
  )
})

test('an entry that unpacks beyond the size limit is rejected', () => {
  const bomb = zstdCompressSync(Buffer.alloc(200 * 2 ** 20))
  assert.throws(() => unpack(bomb), /larger than/)
})

test('an invalid report becomes a failure of its job, with the reason', async () => {
  const odd = { v: 1, kind: 'page', documentId: 'd1', pagesTotal: 'many' }
  for (const jobId of ['j1', 'j1n7'])
    await redis.xadd(keys.results, '*', 'b', pack({ ...odd, jobId }))
  const entries = (await (await openReader()).next(10, 1)).map(openEntry)
  const reports = entries.map((entry) => ('entry' in entry ? entry.entry : undefined))
  assert.deepEqual(
    reports.map((report) => report?.kind === 'failed' && [report.jobId, report.page]),
    [
      ['j1', null],
      ['j1n7', 7],
    ],
  )
  const [first] = reports
  assert.match(
    first?.kind === 'failed' ? first.error.message : '',
    /a worker report .*; run one version/,
  )
})
