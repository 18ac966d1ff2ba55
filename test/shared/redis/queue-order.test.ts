import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Worker } from 'bullmq'
import { bands, type Band } from '../../../shared/redis/fair-turns.ts'
import { pageBand, queueName, type QueuedJob } from '../../../shared/redis/queue.ts'
import { makeJob } from '../../helpers/ledger/records.ts'
import { startPrivateRedis } from '../../helpers/processes/private-redis.ts'
import { inOrder, mixed, queued, queuesOn } from './queues.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const { openQueue, take } = queuesOn(redis)

test('uploads precede pages, and pages precede documents of a run', async (t) => {
  const { keys, queue } = openQueue(t, 'priority')
  await queue.add([
    queued('bulk', 'b.png', bands.bulk),
    queued('page', 'p.png', bands.page),
    queued('upload', 'u.png', bands.interactive),
  ])
  assert.deepEqual(await take(t, keys, 3), ['upload', 'page', 'bulk'])
})

test('pages of interactive documents follow new uploads and precede bulk work', async (t) => {
  const { keys, queue } = openQueue(t, 'page-priority')
  await queue.add([
    queued('bulk', 'b.png', bands.bulk),
    queued('page', 'p.png', pageBand(makeJob())),
    queued('waited', 'w.png', pageBand(makeJob({ isInteractive: true }))),
    queued('upload', 'u.png', bands.interactive),
  ])
  assert.deepEqual(await take(t, keys, 4), ['upload', 'waited', 'page', 'bulk'])
})

test("a job's position is the number of jobs before it", async (t) => {
  const { keys, queue } = openQueue(t, 'places')
  await queue.add(mixed)
  const places = await queue.places([...inOrder, 'never'])
  assert.deepEqual([...places], [...inOrder.map((id, index) => [id, index]), ['never', 'absent']])
  assert.deepEqual(await queue.places([]), new Map())
  assert.deepEqual(await take(t, keys, 5), inOrder, 'and that is the order in which they go')
  const ended = await queue.places(inOrder)
  assert.deepEqual([...ended.values()], Array(5).fill('absent'))
})

const many = (caller: string, count: number, band: Band): QueuedJob[] =>
  Array.from({ length: count }, (_, index) =>
    queued(`${caller}${String(index).padStart(4, '0')}`, 'a.png', band, caller),
  )

for (const [name, band] of Object.entries(bands)) {
  test(`callers take turns: ${name}`, async (t) => {
    const { queue } = openQueue(t, `turns-${name.toLowerCase()}`)
    await queue.add(many('greedy', 3_000, band))
    await queue.add(many('modest', 2, band))
    await queue.add(many('greedy', 3_100, band).slice(3_000))
    const places = await queue.places(['modest0000', 'modest0001', 'greedy3000'])
    const [first, second, last] = [...places.values()].map(Number)
    assert.ok(Number(first) < 100 && Number(second) < 100, `${first} and ${second} of 3 000`)
    assert.equal(last, 3_002, 'a later job does not overtake the same caller')
  })
}

test("a caller with a steady stream of jobs does not delay another caller's earlier jobs", async (t) => {
  const { keys, queue } = openQueue(t, 'steady')
  await queue.add(many('patient', 20, bands.interactive))
  let count = 0
  const taken: string[] = []
  const worker = new Worker(
    queueName,
    async (job) => {
      taken.push(job.name)
      const jobId = `steady${String((count += 1)).padStart(4, '0')}`
      if (count < 100) await queue.add([queued(jobId, 'a.png', bands.interactive, 'steady')])
    },
    { connection: redis, prefix: keys.bullPrefix, autorun: false },
  )
  t.after(() => worker.close())
  const done = new Promise<void>((resolve) => {
    worker.on(
      'completed',
      () => taken.filter((name) => name === 'patient').length === 20 && resolve(),
    )
  })
  void worker.run()
  await done
  const others = taken.lastIndexOf('patient') - 19
  assert.ok(others >= 10 && others <= 30, `${others} of the other's between 20`)
})
