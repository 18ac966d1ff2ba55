import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { createKeys } from '../../shared/keys.ts'
import { announce, createReporter, createResultReader, pack, unpack } from '../../shared/results.ts'
import { startPrivateRedis } from '../helpers/private-redis.ts'
import {
  failedReport,
  makeAcceptance,
  pageReport,
  uploadOf,
  uploadReport,
} from '../helpers/records.ts'
import { waitFor } from '../helpers/wait.ts'

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
  const reader = createResultReader(reading, keys, consumer)
  await reader.open()
  return reader
}
const jobsOf = (entries: readonly object[]): string[] =>
  entries.map((entry) => ('entry' in entry ? String(Object(entry.entry).jobId) : 'error'))

test('what was packed comes out as it went in', () => {
  const value = { text: 'größe 漢字', numbers: [1, 2.5, null], nested: { empty: '' } }
  assert.deepEqual(unpack(pack(value)), value)
})

test('packing makes text smaller', () => {
  assert.ok(pack({ text: 'all work and no play '.repeat(200) }).length < 400)
})

test('a report and the mark that its job is done appear together, and the crash count goes', async () => {
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

test('what was accepted comes out before what is reported about it, and unchanged', async () => {
  const acceptance = makeAcceptance(['one', 'two'], {
    labels: { tag: 'größe', metadata: { a: 'b' } },
  })
  await announce(redis, keys, acceptance)
  await createReporter(redis, keys).report(uploadReport(acceptance))
  const entries = await (await openReader()).next(10, 1)
  assert.deepEqual(
    entries.map((entry) => 'entry' in entry && entry.entry),
    [acceptance, uploadReport(acceptance)],
  )
})

test('what was accepted can be asked for before anybody has collected it, and not for ever', async () => {
  const acceptance = makeAcceptance(['one', 'two'])
  await announce(redis, keys, acceptance)
  for (const content of ['one', 'two']) {
    const key = keys.accepted(uploadOf(content))
    assert.deepEqual(JSON.parse((await redis.get(key)) ?? ''), acceptance)
    assert.ok((await redis.ttl(key)) > 0)
  }
  assert.ok((await redis.ttl(keys.accepted('u1'))) > 0, 'so can its run')
})

test('what a full Redis refuses is not announced, and whoever announces it is told', async (t) => {
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await assert.rejects(announce(redis, keys, makeAcceptance(['one'])), /EXECABORT|OOM/)
  await redis.config('SET', 'maxmemory', '0')
  assert.equal(await redis.exists(keys.results, keys.accepted(uploadOf('one'))), 0)
})

test('an acceptance that nobody understands comes out as an error', async () => {
  await redis.xadd(keys.results, '*', 'b', pack({ ...makeAcceptance(['one']), documents: 'many' }))
  const [entry] = await (await openReader()).next(10, 1)
  assert.match(String(entry && 'error' in entry && entry.error), /an acceptance is not understood/)
})

test('a job was cancelled where its document was, and no other', async () => {
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

test('watchers are told that a page is being read, for as long as anybody may ask', async () => {
  const step = { type: 'started', documentId: 'd1', page: 2, pagesTotal: 3, at: 'now' } as const
  createReporter(redis, keys).tell('r1', step)
  const [entry] = await waitFor('the step is told', async () => {
    const entries = await redis.xrange(keys.events('r1'), '-', '+')
    return entries.length > 0 && entries
  })
  const [name, text = ''] = entry?.[1] ?? []
  assert.equal(name, 's')
  assert.deepEqual(JSON.parse(text), step)
  await waitFor('it will be forgotten', async () => (await redis.ttl(keys.events('r1'))) > 0)
})

test('a report that a full Redis refuses is not marked as done', async (t) => {
  const reporter = createReporter(redis, keys)
  await redis.config('SET', 'maxmemory', '1')
  t.after(() => redis.config('SET', 'maxmemory', '0'))
  await assert.rejects(reporter.report(first), /EXECABORT|OOM/)
  await redis.config('SET', 'maxmemory', '0')
  assert.equal((await reporter.history('j1')).isDone, false)
  assert.equal(await reporter.backlog(), 0)
})

test('reports come out in order and unchanged', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await reporter.report(second)
  const entries = await (await openReader()).next(10, 1)
  assert.deepEqual(
    entries.map((entry) => 'entry' in entry && entry.entry),
    [first, second],
  )
})

test('no more than was asked for is taken, and each entry once', async () => {
  const reporter = createReporter(redis, keys)
  for (const jobId of ['j1', 'j2', 'j3'])
    await reporter.report(pageReport({ jobId, documentId: 'd' }))
  const reader = await openReader()
  assert.deepEqual(jobsOf(await reader.next(2, 1)), ['j1', 'j2'])
  assert.deepEqual(jobsOf(await reader.next(2, 1)), ['j3'])
  assert.deepEqual(await reader.next(2, 1), [])
})

test('what was not acknowledged is delivered again after a restart', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await reporter.report(second)
  const [taken] = await (await openReader()).next(10, 1)
  const restarted = await openReader()
  assert.deepEqual(jobsOf(await restarted.pending('0', 10)), ['j1', 'j2'])
  assert.deepEqual(jobsOf(await restarted.pending(taken?.id ?? '', 10)), ['j2'])
  assert.deepEqual(await restarted.next(10, 1), [], 'it is not new')
})

test('what was acknowledged is gone from the stream', async () => {
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

test('an entry that nobody understands comes out as an error beside the others', async () => {
  const reporter = createReporter(redis, keys)
  await redis.xadd(keys.results, '*', 'b', 'not compressed')
  await redis.xadd(keys.results, '*', 'b', pack({ v: 2, kind: 'from the future' }))
  await reporter.report(first)
  const entries = await (await openReader()).next(10, 1)
  assert.deepEqual(jobsOf(entries), ['error', 'error', 'j1'])
  assert.match(String(entries[1] && 'error' in entries[1] && entries[1].error), /worker report/)
})

test('an entry that was deleted before it was acknowledged comes out as an error', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  const reader = await openReader()
  const [taken] = await reader.next(10, 1)
  await redis.xdel(keys.results, taken?.id ?? '')
  assert.deepEqual(jobsOf(await reader.pending('0', 10)), ['error'])
})

test('what another consumer has just taken is not taken from it', async () => {
  const reporter = createReporter(redis, keys)
  await reporter.report(first)
  await (await openReader('other')).next(10, 1)
  const reader = await openReader()
  assert.deepEqual(await reader.abandoned(10), [])
})

test('what another consumer left lying is taken over', async () => {
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

test('opening the stream twice keeps what is in it', async () => {
  await createReporter(redis, keys).report(first)
  await openReader()
  assert.deepEqual(jobsOf(await (await openReader()).next(10, 1)), ['j1'])
})
