import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { writeOld } from '../../../helpers/folder.ts'
import { startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { makePlannerScene } from '../../../helpers/ledger/planner-scene.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()

const setUp = (t: TestContext, names: readonly string[]) => makePlannerScene(t, redis, names)

test('a recently written file is checked again before it is read', async (t) => {
  const { plan, root, waiting } = setUp(t, [])
  writeFileSync(join(root, 'new.png'), 'whole')
  await plan().planned
  assert.deepEqual(
    waiting().map(({ path }) => path),
    ['new.png'],
  )
})

test('a file that is still growing is left for the next run', async (t) => {
  const { plan, ledger, root, waiting } = setUp(t, ['old.png'])
  const file = join(root, 'growing.png')
  writeFileSync(file, 'a')
  const timer = setInterval(() => appendFileSync(file, 'b'), 50)
  t.after(() => clearInterval(timer))
  const { planned, progress } = plan()
  await planned
  assert.deepEqual(
    waiting().map(({ path }) => path),
    ['old.png'],
  )
  assert.equal(progress.snapshot().unstable, 1)
  assert.equal(ledger.documents.countFinal('r1').get('unstable'), 1)
})

test('a file that is gone at the second check ends in the ledger, and none is planned twice', async (t) => {
  const { plan, ledger, root, waiting } = setUp(t, ['old.png'])
  for (const name of ['gone.png', 'kept.png']) writeFileSync(join(root, name), name)
  const { planned, progress } = plan()
  // Planning has walked the folder once when it first yields.
  rmSync(join(root, 'gone.png'))
  await planned
  assert.deepEqual(
    waiting()
      .map(({ path }) => path)
      .toSorted(),
    ['kept.png', 'old.png'],
  )
  const { seen, planned: count, failed } = progress.snapshot()
  assert.deepEqual({ seen, count, failed }, { seen: 3, count: 3, failed: 1 })
  const [row] = ledger.documents.failedIn('r1')
  assert.deepEqual([row?.path, row?.error?.code], ['gone.png', 'not_found'])
})

test('an entry that is not a file is a rejected document, counted once', async (t) => {
  const { plan, ledger, root } = setUp(t, ['a.png'])
  execFileSync('mkfifo', [join(root, 'pipe.png')])
  const first = plan()
  await first.planned
  const { planned, failed } = first.progress.snapshot()
  assert.deepEqual({ planned, failed }, { planned: 2, failed: 1 })
  assert.equal(ledger.documents.countFinal('r1').get('rejected'), 1)

  const restarted = plan()
  await restarted.planned
  const again = restarted.progress.snapshot()
  assert.deepEqual([again.planned, again.failed], [2, 1], 'the ledger has counted it')
})

test('a finished page that has become a FIFO is not a page of this run', async (t) => {
  const { plan, ledger, root, readAll } = setUp(t, ['a.png'])
  const first = plan()
  await first.planned
  await readAll(first.progress)
  rmSync(join(root, 'a.png'))
  execFileSync('mkfifo', [join(root, 'a.png')])
  await plan({ runId: 'r2' }).planned
  assert.equal(ledger.documents.countFinal('r2').get('rejected'), 1)
  assert.equal(ledger.pages.count('r2'), 0)
})

test('a document without a free output name fails once, however often its run continues', async (t) => {
  const { plan, ledger, out, waiting } = setUp(t, ['a.png', 'b.png'])
  writeOld(join(out, 'a.png.txt'), 'of the user')
  await plan().planned
  const restarted = plan()
  await restarted.planned
  const { planned, failed } = restarted.progress.snapshot()
  assert.deepEqual([planned, failed], [2, 1])
  assert.deepEqual(
    waiting().map(({ path }) => path),
    ['b.png'],
  )
  const [row] = ledger.documents.failedIn('r1')
  assert.deepEqual(
    [row?.path, row?.outcome, row?.error?.code],
    ['a.png', 'failed', 'output_exists'],
  )

  rmSync(join(out, 'a.png.txt'))
  await plan({ runId: 'r2' }).planned
  assert.equal(ledger.documents.countOpen('r2'), 2)
})

test('planning waits while Redis refuses jobs, and continues by itself', async (t) => {
  const { plan, queue, waiting } = setUp(t, ['a.png', 'b.png'])
  await redis.config('SET', 'maxmemory', '1mb')
  const { planned, progress } = plan()
  try {
    await waitFor('the plan is committed', () => waiting().length === 2)
    assert.equal(progress.snapshot().planningDone, false)
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
  await planned
  assert.equal((await queue.present(waiting().map((row) => row.jobId))).size, 2)
  assert.equal(progress.snapshot().planningDone, true)
})
