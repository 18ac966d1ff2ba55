import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { Worker } from 'bullmq'
import { createKeys, type Keys } from '../../shared/keys.ts'
import { createPageQueue, priorities, queueName, type QueuedJob } from '../../shared/queue.ts'
import { startPrivateRedis } from '../helpers/private-redis.ts'
import { makeJob } from '../helpers/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

function openQueue(t: TestContext, prefix: string) {
  const keys = createKeys(prefix)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  return { keys, queue }
}

const queued = (jobId: string, path = 'a.png', priority: number = priorities.bulk): QueuedJob => ({
  jobId,
  job: makeJob({ path }),
  priority,
})

/** Takes jobs as a worker does, until `count` have been handled. */
async function take(
  t: TestContext,
  keys: Keys,
  count: number,
  handle: (id: string, path: string) => void = () => undefined,
): Promise<string[]> {
  const taken: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const worker = new Worker<{ path: string }>(
    queueName,
    async (job) => handle(job.id ?? '', job.data.path),
    { connection: redis, prefix: keys.bullPrefix },
  )
  t.after(() => worker.close())
  const onEnd = (id: string): void => {
    if (taken.push(id) === count) resolve()
  }
  worker.on('completed', (job) => onEnd(job.id ?? ''))
  worker.on('failed', (job) => onEnd(job?.id ?? ''))
  worker.on('error', (error) => t.diagnostic(error.message))
  await promise
  return taken
}

test('the same id added twice is one job, as it was added first', async (t) => {
  const { keys, queue } = openQueue(t, 'twice')
  await queue.add([queued('j1', 'first.png')])
  await queue.add([queued('j1', 'second.png'), queued('j2')])
  const paths: string[] = []
  assert.deepEqual(await take(t, keys, 2, (_, path) => paths.push(path)), ['j1', 'j2'])
  assert.deepEqual(paths, ['first.png', 'a.png'])
})

test('uploads go before pages and pages before documents of a run', async (t) => {
  const { keys, queue } = openQueue(t, 'priority')
  await queue.add([
    queued('bulk', 'b.png', priorities.bulk),
    queued('page', 'p.png', priorities.page),
    queued('upload', 'u.png', priorities.interactive),
  ])
  assert.deepEqual(await take(t, keys, 3), ['upload', 'page', 'bulk'])
})

test('only jobs that Redis holds are present', async (t) => {
  const { queue } = openQueue(t, 'present')
  await queue.add([queued('j1'), queued('j2')])
  assert.deepEqual(await queue.present(['j1', 'j2', 'j3']), new Set(['j1', 'j2']))
  assert.deepEqual(await queue.present([]), new Set())
})

test('a job that was completed is forgotten, so the same id may be added again', async (t) => {
  const { keys, queue } = openQueue(t, 'again')
  await queue.add([queued('j1')])
  await take(t, keys, 1)
  assert.deepEqual(await queue.present(['j1']), new Set())
})

test('waiting jobs can be taken off the queue, and those that are not there do no harm', async (t) => {
  const { queue } = openQueue(t, 'remove')
  await queue.add([queued('j1'), queued('j2')])
  await queue.remove(['j1', 'never'])
  assert.deepEqual(await queue.present(['j1', 'j2']), new Set(['j2']))
})

test('a job that failed for good stays until it was collected', async (t) => {
  const { keys, queue } = openQueue(t, 'failed')
  await queue.add([{ ...queued('j1'), job: makeJob({ attempts: 1 }) }])
  await take(t, keys, 1, () => {
    throw new Error('it broke')
  })
  const [job] = await queue.failed(10)
  assert.equal(job?.id, 'j1')
  assert.equal(job.failedReason, 'it broke')
  await job.remove()
  assert.deepEqual(await queue.failed(10), [])
})

test('clearing forgets every job of this queue and none of another', async (t) => {
  const mine = openQueue(t, 'mine')
  const theirs = openQueue(t, 'theirs')
  await mine.queue.add([queued('j1')])
  await theirs.queue.add([queued('j1')])
  await mine.queue.clear()
  assert.deepEqual(await mine.queue.present(['j1']), new Set())
  assert.deepEqual(await theirs.queue.present(['j1']), new Set(['j1']))
})
