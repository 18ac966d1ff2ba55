import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { Job } from '../../../../shared/contract/messages/job.ts'
import { bands } from '../../../../shared/redis/fair-turns.ts'
import { createPageQueue, queueName } from '../../../../shared/redis/queue.ts'
import { defaultRecipe, recipeIdOf } from '../../../../shared/contract/recipe.ts'
import { createRecipeStore } from '../../../../shared/redis/recipe-store.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import { createJobTaker } from '../../../../workers/ocr/jobs/take-jobs.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makeJob } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

function setUp(t: TestContext) {
  scenes += 1
  const keys = createKeys(`h${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const add = (fingerprint: string, count: number) =>
    queue.add(
      Array.from({ length: count }, (_, index) => ({
        jobId: `j${fingerprint}x${index}`,
        job: makeJob({ fingerprint, documentId: `d${fingerprint}${index}` }),
        band: bands.bulk,
        caller: 'tester',
      })),
    )
  /** A worker that reads jobs of these fingerprints; `failedBefore` of each that it has read. */
  const startWorker = (workerId: string, readable: readonly string[]) => {
    const read: { job: Job; failedBefore: number }[] = []
    let refused = 0
    const taker = createJobTaker({
      workerId,
      redis: server.connect(),
      keys,
      queue,
      reporter: createReporter(redis, keys),
      onWaiting: () => undefined,
      findRecipe: createRecipeStore(redis, keys).find,
      async cannotRead({ fingerprint }) {
        if (readable.includes(fingerprint)) return null
        refused += 1
        return 'another engine'
      },
      async process(_, job, failedBefore) {
        read.push({ job, failedBefore })
        return 'reported'
      },
      maxResults: 2_000,
      memory: { isFull: () => Promise.resolve(false) },
      lockMs: 20_000,
      stallCheckMs: 5_000,
      log: silent,
    })
    void taker.run()
    t.after(() => taker.close())
    return { read, refused: () => refused }
  }
  return { keys, queue, add, startWorker }
}

test('a job that a worker cannot read goes back with all its attempts, for a worker that can', async (t) => {
  const { add, startWorker } = setUp(t)
  const unable = startWorker('w1', [])
  await add('fp', 1)
  await waitFor('it was handed back', () => unable.refused() >= 2)
  const able = startWorker('w2', ['fp'])
  await waitFor('it is read', () => able.read.length === 1)
  assert.deepEqual(able.read[0], { job: makeJob({ documentId: 'dfp0' }), failedBefore: 0 })
  assert.deepEqual(unable.read, [])
})

test('a worker that can read no job backs off, so that others find the queue full', async (t) => {
  const { add, startWorker } = setUp(t)
  await add('fp', 500)
  const unable = startWorker('w1', [])
  await waitFor('it has begun', () => unable.refused() > 0)
  const able = startWorker('w2', ['fp'])
  await waitFor('all are read', () => able.read.length === 500, 60_000)
  assert.ok(unable.refused() < 50, `it took ${unable.refused()} jobs of 500`)
})

test('a worker finds readable jobs between unreadable ones', async (t) => {
  const { add, startWorker } = setUp(t)
  await add('other', 2)
  await add('fp', 20)
  const { read } = startWorker('w1', ['fp'])
  await waitFor('its own are read', () => read.length === 20, 60_000)
})

test('jobs carry a recipe id; Redis stores each recipe once, with a TTL', async (t) => {
  const { keys, queue, add } = setUp(t)
  const recipe = { ...defaultRecipe, variables: { tessedit_char_whitelist: 'a'.repeat(4_000) } }
  const job = makeJob({ recipe })
  await queue.add(
    Array.from({ length: 500 }, (_, index) => ({
      jobId: `jdn${index}`,
      job: { ...job, page: index + 1 },
      band: bands.page,
      caller: 'tester',
    })),
  )
  await add('fp', 1)
  const data = await redis.hget(`${keys.bullPrefix}:${queueName}:jdn7`, 'data')
  assert.ok(data !== null && data.length < 500, data ?? '')
  assert.equal(JSON.parse(data).recipeId, recipeIdOf(recipe))
  assert.equal((await redis.keys(keys.recipe('*'))).length, 2)
  const left = await redis.ttl(keys.recipe(recipeIdOf(recipe)))
  assert.ok(left > 3_600, `${left} s`)
  assert.deepEqual(await createRecipeStore(redis, keys).find(recipeIdOf(recipe)), recipe)
})

test('a job whose recipe is missing waits with all its attempts, and is read once the recipe is back', async (t) => {
  const { keys, queue, add, startWorker } = setUp(t)
  await add('fp', 3)
  await redis.del(keys.recipe(recipeIdOf(defaultRecipe)))
  const { read, refused } = startWorker('w1', ['fp'])
  await waitFor('it was handed back', async () => (await queue.depth()).delayed > 0)
  assert.deepEqual([read.length, refused()], [0, 0])
  await queue.keepRecipes([defaultRecipe])
  await waitFor('all are read', () => read.length === 3, 60_000)
  assert.deepEqual(
    read.map(({ failedBefore }) => failedBefore),
    [0, 0, 0],
  )
})

test('queues of other versions are deleted, the own one is not', async (t) => {
  const { keys, queue, add } = setUp(t)
  await add('fp', 1)
  const old = `${keys.bullPrefix}:pages`
  await redis.hset(`${old}:meta`, 'version', 'bullmq')
  await redis.hset(`${old}:j1`, 'data', '{}')
  await redis.lpush(`${old}:wait`, 'j1')
  assert.deepEqual(await queue.forgetOthers(), ['pages'])
  assert.deepEqual(await redis.keys(`${old}:*`), [])
  assert.equal((await queue.waiting()).bulk, 1)
  assert.ok(await redis.exists(`${keys.bullPrefix}:${queueName}:meta`))
  assert.deepEqual(await queue.forgetOthers(), [])
})
