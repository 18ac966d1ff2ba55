import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createEstimator } from '../../../../services/aggregator/planning/estimate.ts'
import { createRunProgress } from '../../../../services/aggregator/progress/run-progress.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import type { FolderRequest } from '../../../../shared/contract/messages/run-request.ts'
import { makeFolder, writeOld } from '../../../helpers/folder.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { freeLease } from '../../../helpers/processes/lease.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { makePage, makeRun } from '../../../helpers/ledger/records.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0

/** A run of a thousand documents of 100 bytes, and its estimate. */
function setUp(t: TestContext, given: Partial<FolderRequest> = {}) {
  scenes += 1
  const keys = createKeys(`e${scenes}`)
  const ledger = makeLedger(t)
  const out = makeFolder(t)
  const run = makeRun({ out, ...given })
  ledger.runs.add(run.request, 'fp')
  const counted = { open: 0, final: new Map(), pagesRead: 0, unavailable: 0 }
  const progress = createRunProgress(freeLease(redis), keys, run, counted)
  t.after(() => progress.stop())
  progress.expects({ documents: 1_000, bytes: 100_000 })
  const estimate = createEstimator({ ledger, run, progress, redis, keys })
  /** Enters documents that took a run two seconds each on one worker, and wrote 50 bytes. */
  const read = (runId: string, count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const id = `${runId}-${index}`
      const timings = { openMs: 0, prepareMs: 500, waitMs: 0, recogniseMs: 1_500 }
      ledger.documents.plan(makePlan(id, { runId, bytes: 100 }))
      ledger.pages.putResult(id, makePage({ timings }))
      const ending = { outcome: 'succeeded', error: null, worker: 'w1' } as const
      ledger.documents.setRead(firstPass(id), ending, null)
      ledger.documents.settle(firstPass(id), { txt: 'hash' })
      writeOld(join(out, `${id}.png.txt`), 'x'.repeat(50))
    }
  }
  const find = async () => {
    await estimate()
    return progress.snapshot().estimate
  }
  return { ledger, out, keys, read, find }
}

test('an earlier run with the same recipe predicts time and output size', async (t) => {
  const { ledger, out, read, find } = setUp(t)
  ledger.runs.add({ ...makeRun({ out }).request, runId: 'r0' }, 'fp')
  ledger.runs.end('r0', 'finished', '{}')
  read('r0', 20)
  const estimate = await find()
  assert.deepEqual([estimate?.documents, estimate?.seconds], [1_000, 2_000])
  assert.equal(estimate?.basis, 'earlier_run')
  assert.ok(estimate.outputBytes > 50_000, 'output and ledger')
  assert.ok(Number(estimate.freeBytes) > 0)
})

test('without one the first documents of the run predict them, for the live workers', async (t) => {
  const { read, keys, find } = setUp(t)
  assert.equal(await find(), undefined)
  read('r1', 19)
  assert.equal(await find(), undefined, 'too few')
  for (const worker of ['a', 'b', 'c', 'd']) await redis.zadd(keys.workers, Date.now(), worker)
  read('r1', 20)
  const estimate = await find()
  assert.deepEqual([estimate?.seconds, estimate?.basis], [500, 'first_pages'])
})

test('with canaries these predict them', async (t) => {
  const { read, find } = setUp(t, { canary: 20 })
  read('r1', 20)
  assert.equal((await find())?.basis, 'canary')
})
