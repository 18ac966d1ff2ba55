import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createJobMarks } from '../../../shared/redis/job-marks.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import { createReporter, createResultReader } from '../../../shared/redis/result-stream.ts'
import { freeLease } from '../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { pageReport } from '../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

async function setUp() {
  scenes += 1
  const keys = createKeys(`k${scenes}`)
  const reader = createResultReader(redis, keys, 'a', freeLease(redis))
  await reader.open()
  const reporter = createReporter(redis, keys)
  const isDone = async (jobId: string): Promise<boolean> => (await reporter.history(jobId)).isDone
  return { keys, reader, reporter, isDone, marks: createJobMarks(redis, keys) }
}

test('a report on the stream keeps its mark, also while the collector processes it', async () => {
  const { reader, reporter, marks, isDone } = await setUp()
  await reporter.report(pageReport({ jobId: 'j1', documentId: 'd1' }))
  await reporter.report(pageReport({ jobId: 'j2', documentId: 'd2' }))
  assert.equal((await reader.next(1, 1)).length, 1)
  assert.deepEqual(await marks.dropStale(['j1', 'j2', 'j3']), new Set(['j1', 'j2']))
  assert.deepEqual([await isDone('j1'), await isDone('j2')], [true, true])
})

test('a mark without a report on the stream is dropped', async () => {
  const { reader, reporter, marks, isDone } = await setUp()
  await reporter.report(pageReport({ jobId: 'j1', documentId: 'd1' }))
  await reporter.report(pageReport({ jobId: 'j2', documentId: 'd2' }))
  const [first] = await reader.next(1, 1)
  await reader.acknowledge([first?.id ?? ''])
  assert.deepEqual(await marks.dropStale(['j1', 'j2']), new Set(['j2']))
  assert.deepEqual([await isDone('j1'), await isDone('j2')], [false, true])
})

test('a mark of an older worker matches any report on the stream', async () => {
  const { keys, reader, reporter, marks, isDone } = await setUp()
  await redis.set(keys.done('j1'), '1')
  await reporter.report(pageReport({ jobId: 'j2', documentId: 'd2' }))
  assert.deepEqual(await marks.dropStale(['j1']), new Set(['j1']))
  const [entry] = await reader.next(1, 1)
  await reader.acknowledge([entry?.id ?? ''])
  assert.deepEqual(await marks.dropStale(['j1']), new Set())
  assert.equal(await isDone('j1'), false)
})

test('a job that the ledger plans loses its old cancellation, and so do its pages', async () => {
  const { keys, reporter, marks } = await setUp()
  await redis.set(keys.cancelled('j1'), '1')
  await marks.dropStale(['j1n1', 'j1n2'])
  assert.equal((await reporter.history('j1n1')).isCancelled, false)
})
