import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { ScriptoriumError, type ErrorCode } from '../../../../shared/process/errors.ts'
import { bands } from '../../../../shared/redis/fair-turns.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createPageQueue } from '../../../../shared/redis/queue.ts'
import { createRecipeStore } from '../../../../shared/redis/recipe-store.ts'
import { createReporter } from '../../../../shared/redis/result-stream.ts'
import { createJobTaker } from '../../../../workers/ocr/jobs/take-jobs.ts'
import { makeJob } from '../../../helpers/ledger/records.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

/** A queue, and workers on it; one without bytes fails with `code`. */
function setUp(t: TestContext) {
  scenes += 1
  const keys = createKeys(`b${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const startWorker = (workerId: string, code?: ErrorCode) => {
    const attempts: number[] = []
    const taker = createJobTaker({
      workerId,
      redis: server.connect(),
      keys,
      queue,
      reporter: createReporter(redis, keys),
      onWaiting: () => undefined,
      findRecipe: createRecipeStore(redis, keys).find,
      cannotRead: async () => null,
      async process(_, __, failedBefore) {
        attempts.push(failedBefore)
        if (code !== undefined) throw new ScriptoriumError(code, 'on purpose')
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
    return attempts
  }
  const add = (count: number) =>
    queue.add(
      Array.from({ length: count }, (_, index) => ({
        jobId: `j${index}x`,
        job: makeJob({ documentId: `d${index}` }),
        band: bands.bulk,
        caller: 'tester',
      })),
    )
  return { queue, startWorker, add }
}

test('a job whose file the API does not give waits with all its attempts, for a worker that gets it', async (t) => {
  const { startWorker, add } = setUp(t)
  const far = startWorker('far', 'blob_unavailable')
  await add(1)
  await waitFor('it was given back twice', () => far.length >= 2)
  const near = startWorker('near')
  await waitFor('it is read', () => near.length === 1)
  assert.deepEqual([...new Set([...far, ...near])], [0])
})

test('a worker that gets no files backs off, so that others find the queue full', async (t) => {
  const { startWorker, add } = setUp(t)
  await add(200)
  const far = startWorker('far', 'blob_unavailable')
  await waitFor('it has begun', () => far.length > 0)
  const near = startWorker('near')
  await waitFor('all are read', () => near.length === 200, 60_000)
  assert.ok(far.length < 50, `it took ${far.length} jobs of 200`)
})

for (const code of ['blob_refused', 'expired'] as const) {
  test(`a job with ${code} leaves the queue, and can be added again under its id`, async (t) => {
    const { queue, startWorker, add } = setUp(t)
    const refused = startWorker('far', code)
    await add(1)
    await waitFor('it has left', async () => {
      return refused.length === 1 && (await queue.present(['j0x'])).size === 0
    })
    await add(1)
    await waitFor('it comes again', () => refused.length === 2)
    assert.deepEqual(refused, [0, 0])
  })
}
