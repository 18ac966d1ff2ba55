import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Queue, Worker } from 'bullmq'
import { bands } from '../../../shared/redis/fair-turns.ts'
import { queueName } from '../../../shared/redis/queue.ts'
import { makeJob } from '../../helpers/ledger/records.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { inOrder, mixed, queued, queuesOn } from './queues.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const { openQueue, take } = queuesOn(redis)

test('adding an id twice gives one job, the first one', async (t) => {
  const { keys, queue } = openQueue(t, 'twice')
  await queue.add([queued('j1', 'first.png')])
  await queue.add([queued('j1', 'second.png'), queued('j2')])
  const paths: string[] = []
  assert.deepEqual(await take(t, keys, 2, (_, path) => paths.push(path)), ['j1', 'j2'])
  assert.deepEqual(paths, ['first.png', 'a.png'])
})

test('a job that a worker took is active and blocks no position', async (t) => {
  const { keys, queue } = openQueue(t, 'active')
  await queue.add(mixed)
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const worker = new Worker(
    queueName,
    () => {
      begun.resolve()
      return end.promise
    },
    { connection: redis, prefix: keys.bullPrefix },
  )
  t.after(() => worker.close())
  await begun.promise
  const { interactive, bulk, active } = await queue.depth()
  assert.deepEqual({ interactive, bulk, active }, { interactive: 1, bulk: 3, active: 1 })
  assert.deepEqual([...(await queue.places(inOrder)).values()], ['active', 0, 1, 2, 3])
  end.resolve()
})

test('the depth counts waiting jobs and gives the age of the oldest', async (t) => {
  const { queue } = openQueue(t, 'depth')
  const nothing = { interactive: 0, bulk: 0, active: 0, delayed: 0, failed: 0 }
  assert.deepEqual(await queue.depth(), { ...nothing, isPaused: false, oldestAt: null })
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  for (const job of mixed.filter(({ jobId }) => jobId !== 'page')) {
    await queue.add([job])
    t.mock.timers.tick(1_000)
  }
  const { oldestAt, ...counts } = await queue.depth()
  assert.deepEqual(counts, { ...nothing, interactive: 2, bulk: 2, isPaused: false })
  assert.equal(oldestAt, 1_000_000, 'a document of a run was first')
  await queue.remove(['bulk1', 'bulk2'])
  assert.equal((await queue.depth()).oldestAt, 1_001_000)
})

test('a paused queue delivers nothing, keeps its depth, and resumes where it stopped', async (t) => {
  const { keys, queue } = openQueue(t, 'pause')
  await queue.add(mixed.slice(0, 2))
  await queue.pause()
  const taken = take(t, keys, 5)
  await queue.add(mixed.slice(2))
  const { interactive, bulk, active, isPaused } = await queue.depth()
  assert.deepEqual(
    { interactive, bulk, active, isPaused },
    { interactive: 2, bulk: 3, active: 0, isPaused: true },
  )
  assert.deepEqual([...(await queue.places(inOrder)).values()], [0, 1, 2, 3, 4])
  await queue.resume()
  assert.deepEqual(await taken, inOrder)
  assert.equal((await queue.depth()).isPaused, false)
})

test('only jobs in Redis are reported as present', async (t) => {
  const { queue } = openQueue(t, 'present')
  await queue.add([queued('j1'), queued('j2')])
  assert.deepEqual(await queue.present(['j1', 'j2', 'j3']), new Set(['j1', 'j2']))
  assert.deepEqual(await queue.present([]), new Set())
})

test('a completed job is deleted, so its id can be added again', async (t) => {
  const { keys, queue } = openQueue(t, 'again')
  await queue.add([queued('j1')])
  await take(t, keys, 1)
  assert.deepEqual(await queue.present(['j1']), new Set())
})

test('waiting jobs can be removed, and unknown ids are ignored', async (t) => {
  const { queue } = openQueue(t, 'remove')
  await queue.add([queued('j1'), queued('j2')])
  await queue.remove(['j1', 'never'])
  assert.deepEqual(await queue.present(['j1', 'j2']), new Set(['j2']))
})

test('a job that failed for good stays until it is collected', async (t) => {
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

test('clearing deletes every job of this queue and none of another', async (t) => {
  const mine = openQueue(t, 'mine')
  const theirs = openQueue(t, 'theirs')
  await mine.queue.add([queued('j1')])
  await theirs.queue.add([queued('j1')])
  await mine.queue.clear()
  assert.deepEqual(await mine.queue.present(['j1']), new Set())
  assert.deepEqual(await theirs.queue.present(['j1']), new Set(['j1']))
})

test('jobs of a dead worker go to others at once, jobs of a live worker stay', async (t) => {
  const { keys, queue } = openQueue(t, 'released')
  const hourMs = 3_600_000
  const held = Promise.withResolvers<void>()
  const options = {
    connection: redis,
    prefix: keys.bullPrefix,
    lockDuration: hourMs,
    stalledInterval: 200,
  }
  const hold = async (name: string, jobId: string): Promise<void> => {
    await queue.add([queued(jobId)])
    const taking = Promise.withResolvers<void>()
    const handle = async (): Promise<void> => {
      taking.resolve()
      await held.promise
    }
    const worker = new Worker(queueName, handle, { ...options, name })
    t.after(() => worker.close(true))
    await taking.promise
  }
  await hold('dead', 'j1')
  await hold('living', 'j2')
  assert.equal(await queue.release('dead'), 1)
  assert.equal(await queue.release('nobody'), 0)

  const taken = Promise.withResolvers<string>()
  const name = 'other'
  const other = new Worker(queueName, async (job) => taken.resolve(job.id ?? ''), {
    ...options,
    name,
  })
  t.after(() => other.close(true))
  assert.equal(await taken.promise, 'j1')
  assert.equal((await queue.places(['j2'])).get('j2'), 'active')
  held.resolve()
})

test('pages of a document belong to its caller', async (t) => {
  const { queue } = openQueue(t, 'caller-of')
  await queue.add([queued('j1', 'a.png', bands.interactive, 'scanner')])
  assert.equal(await queue.callerOf('j1'), 'scanner')
  assert.equal(await queue.callerOf('never'), undefined)
})

test('many jobs are added and looked up in batches', async (t) => {
  const { queue } = openQueue(t, 'many')
  const adding = t.mock.method(Queue.prototype, 'addBulk').mock
  const asking = t.mock.method(redis, 'pipeline').mock
  const ids = Array.from({ length: 250 }, (_, n) => `j${n}`)
  await queue.add(ids.map((id) => queued(id)))
  assert.deepEqual(
    adding.calls.map(({ arguments: [jobs] }) => jobs.length),
    [100, 100, 50],
  )
  asking.resetCalls()
  assert.deepEqual(await queue.present([...ids, 'other']), new Set(ids))
  assert.equal(asking.callCount(), 3)
  await queue.remove(ids)
  assert.deepEqual(await queue.present(ids), new Set())
})
