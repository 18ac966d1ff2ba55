import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import type { ActiveRun } from '../../../../services/aggregator/runs/active-run.ts'
import type { Run } from '../../../../services/ledger/runs.ts'
import { createRecipeWatch } from '../../../../services/aggregator/runs/recipe-watch.ts'
import { createReconciler } from '../../../../services/aggregator/upkeep/reconciler.ts'
import { publishWanted, readBlocked, readWanted } from '../../../../shared/redis/abilities.ts'
import { createJobMarks } from '../../../../shared/redis/job-marks.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { createPageQueue } from '../../../../shared/redis/queue.ts'
import { defaultRecipe, fingerprintOf, recipeIdOf } from '../../../../shared/contract/recipe.ts'
import { makeLedger, makePlan, rowOf } from '../../../helpers/ledger/ledger.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import {
  engine,
  makePage,
  makeRequest,
  makeUploadRequest,
} from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

/** The aggregator's present plan for the default recipe. */
const own = fingerprintOf(defaultRecipe, engine)

function setUp(t: TestContext, fingerprint: string) {
  scenes += 1
  const keys = createKeys(`w${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const ledger = makeLedger(t)
  ledger.runs.add(makeRequest(), fingerprint)
  ledger.documents.plan(makePlan('d1', { fingerprint }))
  const active = new Map<string, ActiveRun>()
  const gone: Run[] = []
  const watch = createRecipeWatch({
    ledger,
    redis,
    keys,
    queue,
    identities: () => Promise.resolve(engine),
    active,
    replace: (run) => gone.push(run),
    log: silent,
  })
  const reconcile = createReconciler({
    ledger,
    queue: watch.gated,
    marks: createJobMarks(redis, keys),
    absorb: () => Promise.resolve(),
    log: silent,
  })
  return {
    keys,
    queue,
    ledger,
    active,
    gone,
    watch,
    reconcile: () => reconcile(ledger.runs.active()),
    /** A live worker, and its reports about recipes; one of an older version reports nothing. */
    hasWorker: async (id: string, recipes?: Record<string, string | null>): Promise<void> => {
      await redis.zadd(keys.workers, Date.now(), id)
      if (recipes) await redis.set(keys.abilities(id), JSON.stringify({ recipes }))
    },
    jobs: async () => (await queue.waiting()).bulk,
  }
}

test('a run of an older version is replanned: unfinished documents get new jobs, finished ones stay', async (t) => {
  const { ledger, watch, reconcile, jobs } = setUp(t, 'older')
  const done = makePlan('d2', { fingerprint: 'older' })
  ledger.documents.plan(done)
  ledger.documents.setRead(done, { outcome: 'succeeded', error: null, worker: 'w' }, null)
  ledger.documents.settle(done, { txt: 'abc' })
  ledger.pages.putResult('d1', makePage({ page: 2 }))
  const before = rowOf(ledger, 'd1')
  await reconcile()
  assert.equal(await watch.look(true), true)
  assert.equal(ledger.runs.get('r1')?.fingerprint, own)
  const { state, fingerprint, pass, jobId } = rowOf(ledger, 'd1')
  assert.deepEqual([state, fingerprint, pass], ['planned', own, 2])
  assert.notEqual(jobId, before.jobId)
  assert.deepEqual(ledger.pages.states('d1'), [], 'a document is of one reading')
  assert.deepEqual([rowOf(ledger, 'd2').state, rowOf(ledger, 'd2').fingerprint], ['final', 'older'])
  assert.equal(await jobs(), 0, 'the job of the older plan is gone')
  await reconcile()
  assert.equal(await jobs(), 1)
})

test('a run keeps its plan while a live worker can read it', async (t) => {
  const { ledger, watch, hasWorker } = setUp(t, 'older')
  await hasWorker('w1', { older: null, [own]: 'an older engine' })
  await watch.look(true)
  assert.equal(ledger.runs.get('r1')?.fingerprint, 'older')
  assert.equal(rowOf(ledger, 'd1').pass, 1)
})

test('an upload of an older version is replanned too, once no worker can read it', async (t) => {
  const { ledger, watch, hasWorker } = setUp(t, own)
  ledger.runs.add(makeUploadRequest(), 'older')
  ledger.documents.planUpload({
    ...makePlan('d3', { runId: 'u1', fingerprint: 'older' }),
    sha256: 'abc',
    mediaType: 'image/png',
  })
  await hasWorker('w1')
  await watch.look()
  const { fingerprint, state, sha256, origin } = rowOf(ledger, 'd3')
  assert.deepEqual([fingerprint, state, sha256, origin], [own, 'planned', 'abc', 'upload'])
})

test('a recipe that no worker can read is reported with the reason, and does not block others', async (t) => {
  const { keys, ledger, watch, hasWorker, reconcile, jobs, active } = setUp(t, own)
  const told: unknown[] = []
  const run = ledger.runs.get('r1')
  const progress = { blocked: (why: unknown) => told.push(why) }
  active.set('r1', { run, progress } as unknown as ActiveRun)
  await reconcile()
  assert.equal(await jobs(), 1)
  assert.equal(await watch.look(), false)
  assert.deepEqual(await readWanted(redis, keys), { [own]: recipeIdOf(defaultRecipe) })
  await hasWorker('w1', { [own]: 'tesseract.js 6.0.0 simd-lstm, eng 12345678' })
  await hasWorker('w2')
  await watch.look()
  const blocked = (await readBlocked(redis, keys))[own]
  assert.equal(blocked?.code, 'recipe_mismatch')
  assert.match(blocked.message, /^no worker can read this recipe: it needs fake 1 none, eng f00d;/)
  assert.match(blocked.message, /w1 has tesseract.js 6.0.0 simd-lstm, eng 12345678/)
  assert.match(blocked.message, /w2 has another version of Scriptorium/)
  assert.deepEqual(told, [null, blocked])
  await reconcile()
  assert.equal(await jobs(), 0)
  await hasWorker('w3', { [own]: null })
  assert.equal(await watch.look(), true)
  await reconcile()
  assert.equal(await jobs(), 1)
  assert.deepEqual(await readBlocked(redis, keys), {})
  assert.equal(told.at(-1), null)
})

test('a worker that has not checked yet is not reported as unable', async (t) => {
  const { keys, watch, hasWorker, reconcile, jobs } = setUp(t, own)
  await hasWorker('w1', {})
  await reconcile()
  await watch.look()
  assert.deepEqual(await readBlocked(redis, keys), {})
  assert.equal(await jobs(), 1)
})

test('the recipe of an open run is stored again after Redis lost it', async (t) => {
  const { keys, watch } = setUp(t, own)
  const key = keys.recipe(recipeIdOf(defaultRecipe))
  await watch.look(true)
  assert.equal(await redis.exists(key), 1)
  await redis.del(key)
  await watch.look()
  assert.equal(await redis.exists(key), 1)
})

test('workers of an older job version do not count as able', async (t) => {
  const { keys, watch } = setUp(t, own)
  await redis.zadd(keys.workers, Date.now(), 'w1')
  // The key of version 1.
  await redis.set(`${keys.worker('w1')}:abilities`, JSON.stringify({ recipes: { [own]: null } }))
  await watch.look()
  assert.match(
    (await readBlocked(redis, keys))[own]?.message ?? '',
    /another version of Scriptorium/,
  )
})

test('workers check at most 1 000 recipes', async (t) => {
  const { keys } = setUp(t, own)
  const wanted = Array.from({ length: 3_000 }, (_, index) => [`fp${index}`, 'id'] as const)
  await publishWanted(redis, keys, Object.fromEntries(wanted))
  assert.equal(Object.keys(await readWanted(redis, keys)).length, 1_000)
})
