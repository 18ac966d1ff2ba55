import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createPublisher } from '../../../../services/outputs/publish/publisher.ts'
import { createRecorder } from '../../../../services/aggregator/results/recorder.ts'
import { writeOld } from '../../../helpers/folder.ts'
import { rowOf } from '../../../helpers/ledger/ledger.ts'
import { silent, startPrivateRedis } from '../../../helpers/processes/private-redis.ts'
import { pageReport } from '../../../helpers/ledger/records.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { makePlannerScene } from '../../../helpers/ledger/planner-scene.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
const ignore = (): void => undefined

const setUp = (t: TestContext, names: readonly string[]) => makePlannerScene(t, redis, names)

test('every file is committed to the ledger and its job is on the queue', async (t) => {
  const { plan, queue, waiting } = setUp(t, ['a.png', 'b.png'])
  const { planned, progress } = plan()
  await planned
  const rows = waiting()
  assert.deepEqual(rows.map(({ path }) => path).toSorted(), ['a.png', 'b.png'])
  assert.equal((await queue.present(rows.map((row) => row.jobId))).size, 2)
  const { seen, planned: count, planningDone } = progress.snapshot()
  assert.deepEqual({ seen, count, planningDone }, { seen: 2, count: 2, planningDone: true })
})

test('globs select by name or path, ignoring case', async (t) => {
  const { plan, root, waiting } = setUp(t, ['a.png', 'b.JPG', 'c.txt'])
  mkdirSync(join(root, 'sub'))
  writeOld(join(root, 'sub', 'd.png'))
  await plan({ include: ['*.png', '*.jpg'], exclude: ['sub/*.png'] }).planned
  assert.deepEqual(
    waiting()
      .map(({ path }) => path)
      .toSorted(),
    ['a.png', 'b.JPG'],
  )
})

// Each of these kept the aggregator busy for ever, and after each restart again.
for (const glob of ['(([a-z-]+)+)+0', `${'?*'.repeat(60)}0`, `${'{*,*}'.repeat(60)}0`]) {
  test(`a run with the pattern ${glob.slice(0, 20)} is planned`, async (t) => {
    const names = Array.from({ length: 5 }, (_, index) => `${'a-'.repeat(60)}${index + 1}.png`)
    const { plan, waiting } = setUp(t, names)
    await plan({ include: [glob] }).planned
    assert.deepEqual(waiting(), [])
    await plan({ runId: 'r2', exclude: [glob] }).planned
  })
}

test('a stored run whose pattern exceeds the matching bounds ends with a code', async (t) => {
  const { plan } = setUp(t, ['a.png'])
  for (const glob of ['a'.repeat(2_000), '(a)\\1', '{a}\\\\\\\\']) {
    await assert.rejects(plan({ include: [glob] }).planned, { code: 'invalid_pattern' })
  }
})

test('a run that a full disk blocks waits for the disk, and counts nothing twice', async (t) => {
  const { ledger, plan, waiting } = setUp(t, ['a.png', 'b.png'])
  const transaction = ledger.transaction.bind(ledger)
  const full = Object.assign(new Error('database or disk is full'), {
    code: 'ERR_SQLITE_ERROR',
    errcode: 13,
  })
  let refusals = 0
  t.mock.method(ledger, 'transaction', (work: () => unknown) => {
    const value = transaction(() => {
      const done = work()
      refusals += 1
      if (refusals % 2 === 1) throw full
      return done
    })
    return value
  })
  const { planned, progress } = plan()
  await planned
  assert.ok(refusals >= 4)
  assert.equal(waiting().length, 2)
  assert.equal(progress.snapshot().planned, 2)
})

test('a second run finds everything unchanged and reads nothing', async (t) => {
  const { plan, waiting, readAll } = setUp(t, ['a.png', 'b.png'])
  const first = plan()
  await first.planned
  await readAll(first.progress)
  const second = plan({ runId: 'r2' })
  await second.planned
  assert.deepEqual(waiting(), [])
  const { planned, unchanged } = second.progress.snapshot()
  assert.deepEqual({ planned, unchanged }, { planned: 0, unchanged: 2 })
})

test('an interrupted run continues: planned documents keep their jobs, ended ones are not counted again', async (t) => {
  const { plan, waiting, queue } = setUp(t, ['a.png', 'b.png'])
  await plan().planned
  const before = waiting().map((row) => row.jobId)
  const again = plan()
  await again.planned
  assert.deepEqual(
    waiting().map((row) => row.jobId),
    before,
  )
  assert.equal((await queue.present(before)).size, 2)
  assert.equal(again.progress.outstanding(), 2)
})

/** Leaves a document as a kill leaves it between the commit of its text and its files. */
function setUpRead(t: TestContext) {
  const setting = setUp(t, ['a.png'])
  const { ledger } = setting
  const publisher = createPublisher(ledger, ignore, silent)
  const read = (): string => {
    const [row] = setting.waiting()
    assert.ok(row !== undefined)
    const report = pageReport({ jobId: row.jobId, documentId: row.id })
    ledger.transaction(() => createRecorder(ledger, ignore)([report]))
    assert.equal(rowOf(ledger, row.id).state, 'read')
    return row.id
  }
  return {
    ...setting,
    publisher,
    read,
    text: () => readFileSync(join(setting.out, 'a.png.txt'), 'utf8'),
  }
}

test('a document that is read but not written keeps its text when its run is planned again', async (t) => {
  const { plan, ledger, publisher, read, text } = setUpRead(t)
  await plan().planned
  const id = read()
  const again = plan()
  await again.planned
  assert.equal(rowOf(ledger, id).state, 'read')
  assert.equal(again.progress.outstanding(), 1)
  await publisher.publish([id])
  assert.equal(text(), 'hello\n')
  assert.equal(rowOf(ledger, id).outcome, 'succeeded')
})

test('a run waits for a document that the previous run is writing, and does not read it', async (t) => {
  const { plan, ledger, publisher, read, text } = setUpRead(t)
  await plan().planned
  const id = read()
  const second = plan({ runId: 'r2' })
  assert.equal(second.progress.snapshot().planningDone, false)
  await publisher.publish([id])
  await second.planned
  const { unchanged, planned } = second.progress.snapshot()
  assert.deepEqual({ unchanged, planned }, { unchanged: 1, planned: 0 })
  assert.equal(rowOf(ledger, id).runId, 'r1')
  assert.equal(text(), 'hello\n')
})

test('a missing output is written again from the ledger', async (t) => {
  const { plan, out, readAll } = setUp(t, ['a.png'])
  const first = plan()
  await first.planned
  await readAll(first.progress)
  rmSync(join(out, 'a.png.txt'))
  const second = plan({ runId: 'r2' })
  await second.planned
  const { restored, unchanged, unavailable } = second.progress.snapshot()
  assert.deepEqual(
    { restored, unchanged, unavailable },
    { restored: 1, unchanged: 1, unavailable: 0 },
  )
  assert.equal(execFileSync('cat', [join(out, 'a.png.txt')]).toString(), 'hello\n')
})

test('at most the window and one batch are on the queue', async (t) => {
  const names = Array.from({ length: 1_100 }, (_, index) => `${index}.png`)
  const { plan, waiting, readAll } = setUp(t, names)
  const { planned, progress } = plan({}, { window: 1 })
  await waitFor('the first batch is planned', () => progress.outstanding() === 500)
  assert.equal(waiting().length, 500)
  assert.equal(progress.snapshot().planningDone, false)
  await readAll(progress)
  await waitFor('the second batch is planned', () => progress.outstanding() === 500)
  await readAll(progress)
  await planned
  assert.equal(waiting().length, 100)
})

test('a dry run counts beyond the window, and changes neither ledger nor queue', async (t) => {
  const { plan, waiting } = setUp(
    t,
    Array.from({ length: 600 }, (_, index) => `${index}.png`),
  )
  const { planned, progress } = plan({ dryRun: true }, { window: 1 })
  await planned
  assert.equal(progress.snapshot().planned, 600)
  assert.deepEqual(waiting(), [])
})

test('planning stops on request, also with a full window', async (t) => {
  const { plan } = setUp(
    t,
    Array.from({ length: 600 }, (_, index) => `${index}.png`),
  )
  const { planned, progress, stopping } = plan({}, { window: 1 })
  await waitFor('the first batch is planned', () => progress.outstanding() === 500)
  stopping.abort()
  await assert.rejects(planned, { name: 'AbortError' })
})
