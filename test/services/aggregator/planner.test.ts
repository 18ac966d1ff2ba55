import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { createCollector } from '../../../services/aggregator/collector.ts'
import { createPublisher } from '../../../services/aggregator/publisher.ts'
import { createRecorder } from '../../../services/aggregator/recorder.ts'
import { toEnding } from '../../../services/aggregator/document-event.ts'
import { createKeys } from '../../../shared/keys.ts'
import type { RunRequest } from '../../../shared/messages.ts'
import { createPageQueue } from '../../../shared/queue.ts'
import { createResultReader } from '../../../shared/results.ts'
import { makeFolder, writeOld } from '../../helpers/folder.ts'
import { makeLedger, rowOf } from '../../helpers/ledger.ts'
import { planRun } from '../../helpers/planning.ts'
import { silent, startPrivateRedis } from '../../helpers/private-redis.ts'
import { pageReport } from '../../helpers/records.ts'
import { waitFor } from '../../helpers/wait.ts'

const server = await startPrivateRedis()
after(() => server.close())
const redis = server.connect()
let scenes = 0
const ignore = (): void => undefined

/** A folder of old files and everything that a planner needs. */
function setUp(t: TestContext, names: readonly string[]) {
  scenes += 1
  const keys = createKeys(`p${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const ledger = makeLedger(t)
  const root = makeFolder(t)
  const out = makeFolder(t)
  for (const name of names) writeOld(join(root, name))
  const deps = { ledger, redis, keys, queue }
  const plan = (given: Partial<RunRequest> = {}, options = {}) =>
    planRun(t, deps, { root, out, ...given }, options)
  const waiting = () => ledger.documents.idsInState('r1', 'planned').map((id) => rowOf(ledger, id))
  /** Collects what a worker would report about every planned document, as the aggregator does. */
  const readAll = async (progress: ReturnType<typeof plan>['progress']): Promise<void> => {
    const publisher = createPublisher(ledger, ignore, silent)
    const onFinal = (ids: readonly string[]): void => {
      for (const id of ids) progress.ended(toEnding(rowOf(ledger, id), ledger.pages.summary(id)))
    }
    const reader = createResultReader(redis, keys, 'a')
    const collector = createCollector({
      ledger,
      reader,
      queue,
      publisher,
      record: createRecorder(ledger, ignore),
      onAccepted: ignore,
      onPages: ignore,
      onFinal,
      log: silent,
    })
    const reports = waiting().map(({ id, job_id: jobId }) => pageReport({ jobId, documentId: id }))
    await collector.absorb(reports)
  }
  return { ...deps, root, out, plan, waiting, readAll }
}

test('every file is committed to the ledger and its job is on the queue', async (t) => {
  const { plan, queue, waiting } = setUp(t, ['a.png', 'b.png'])
  const { planned, progress } = plan()
  await planned
  const rows = waiting()
  assert.deepEqual(rows.map(({ path }) => path).toSorted(), ['a.png', 'b.png'])
  assert.equal((await queue.present(rows.map((row) => row.job_id))).size, 2)
  const { seen, planned: count, planningDone } = progress.snapshot()
  assert.deepEqual({ seen, count, planningDone }, { seen: 2, count: 2, planningDone: true })
})

test('globs choose, by name or by place, whatever the case', async (t) => {
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

test('a run that was cut off goes on: what is planned keeps its job, what ended is not counted again', async (t) => {
  const { plan, waiting, queue } = setUp(t, ['a.png', 'b.png'])
  await plan().planned
  const before = waiting().map((row) => row.job_id)
  const again = plan()
  await again.planned
  assert.deepEqual(
    waiting().map((row) => row.job_id),
    before,
  )
  assert.equal((await queue.present(before)).size, 2)
  assert.equal(again.progress.outstanding(), 2)
})

test('a lost output is written again from the ledger', async (t) => {
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

test('no more than the window and one batch are on the queue', async (t) => {
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

test('a dry run counts beyond the window, and leaves ledger and queue alone', async (t) => {
  const { plan, waiting } = setUp(
    t,
    Array.from({ length: 600 }, (_, index) => `${index}.png`),
  )
  const { planned, progress } = plan({ dryRun: true }, { window: 1 })
  await planned
  assert.equal(progress.snapshot().planned, 600)
  assert.deepEqual(waiting(), [])
})

test('planning ends when it is told to, with a full window too', async (t) => {
  const { plan } = setUp(
    t,
    Array.from({ length: 600 }, (_, index) => `${index}.png`),
  )
  const { planned, progress, stopping } = plan({}, { window: 1 })
  await waitFor('the first batch is planned', () => progress.outstanding() === 500)
  stopping.abort()
  await assert.rejects(planned, { name: 'AbortError' })
})

test('a file that has just been written is looked at again before it is read', async (t) => {
  const { plan, root, waiting } = setUp(t, [])
  writeFileSync(join(root, 'new.png'), 'whole')
  await plan().planned
  assert.deepEqual(
    waiting().map(({ path }) => path),
    ['new.png'],
  )
})

test('a file that is still growing is left for the next run', async (t) => {
  const { plan, root, waiting } = setUp(t, ['old.png'])
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
})

test('what cannot be a page is a rejected document, counted once however often it is met', async (t) => {
  const { plan, ledger, root } = setUp(t, ['a.png'])
  execFileSync('mkfifo', [join(root, 'pipe.png')])
  const first = plan()
  await first.planned
  const { planned, failed } = first.progress.snapshot()
  assert.deepEqual({ planned, failed }, { planned: 2, failed: 1 })
  assert.equal(ledger.documents.countFinal('r1').get('rejected'), 1)

  const restarted = plan()
  await restarted.planned
  assert.equal(restarted.progress.snapshot().failed, 0, 'the ledger has counted it')
})

test('a page that was read and is a FIFO now counts as no page of this run', async (t) => {
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
