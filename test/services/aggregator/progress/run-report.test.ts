import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildReport } from '../../../../services/aggregator/progress/run-report.ts'
import type { Ledger } from '../../../../services/ledger/ledger.ts'
import { newProgress } from '../../../../shared/contract/messages/progress.ts'
import { firstPass, makeLedger, makePlan } from '../../../helpers/ledger/ledger.ts'
import { input, makePage, makeRun } from '../../../helpers/ledger/records.ts'

const read = { outcome: 'succeeded', error: null, worker: 'w' } as const
const timings = (recogniseMs: number, prepareMs = 0, overlapMs = 0) => ({
  openMs: 0,
  prepareMs,
  waitMs: 999,
  recogniseMs,
  overlapMs,
})

test('a report counts outcomes, divides pages among workers, and lists the slowest and least confident pages', async (t) => {
  const ledger = makeLedger(t)
  const add = (id: string): boolean => ledger.documents.plan(makePlan(id))
  for (const index of Array.from({ length: 20 }, (_, n) => n + 1)) {
    const id = `d${index}`
    add(id)
    ledger.documents.setInput(firstPass(id), input, 1)
    const worker = index <= 15 ? 'w1' : 'w2'
    const page = { worker, confidence: 100 - index, timings: timings(index * 100) }
    ledger.pages.putResult(id, makePage(page))
    ledger.documents.setRead(firstPass(id), read, null)
    ledger.documents.settle(firstPass(id), {})
  }
  add('copy')
  ledger.pages.copy('d1', 'copy')
  ledger.documents.setRead(firstPass('copy'), { ...read, outcome: 'duplicate' }, 'd1')
  ledger.documents.settle(firstPass('copy'), {})
  add('bad')
  ledger.documents.fail(firstPass('bad'), 'rejected', { code: 'corrupt_image', message: '' })
  add('moving')
  ledger.documents.fail(firstPass('moving'), 'rejected', { code: 'unstable', message: '' })
  add('open')

  const run = { ...makeRun(), startedAt: new Date(Date.now() - 10_000).toISOString() }
  const progress = { ...newProgress('r1', run.startedAt), seen: 30, unchanged: 4, failedEarlier: 1 }
  const report = await buildReport(
    ledger,
    run,
    { ...progress, unstable: 2, restored: 3 },
    'interrupted',
  )

  assert.deepEqual(report.outcomes, {
    succeeded: 20,
    duplicate: 1,
    rejected: 1,
    skipped_unchanged: 4,
    unstable: 2,
  })
  const { state, seen, open, restored, failedEarlier, pagesRead, pageMs } = report
  assert.deepEqual(
    { state, seen, open, restored, failedEarlier, pagesRead, pageMs },
    {
      state: 'interrupted',
      seen: 30,
      open: 1,
      restored: 3,
      failedEarlier: 1,
      pagesRead: 20,
      pageMs: { p50: 1_000, p95: 1_900 },
    },
  )
  assert.deepEqual(
    report.workers.map(({ worker, pages, share }) => ({ worker, pages, share })),
    [
      { worker: 'w1', pages: 15, share: 0.75 },
      { worker: 'w2', pages: 5, share: 0.25 },
    ],
  )
  assert.deepEqual(
    report.slowest.map(({ ms }) => ms),
    [2_000, 1_900, 1_800, 1_700, 1_600],
  )
  assert.deepEqual(
    report.leastConfident.map(({ confidence }) => confidence),
    [80, 81, 82, 83, 84],
  )
})

test('a report counts the documents with warnings, by warning, and names the first', async (t) => {
  const ledger = makeLedger(t)
  const missed = { code: 'text_missed', message: '9 %' } as const
  const givenUp = { code: 'reading_given_up', message: 'page_timeout' } as const
  const add = (id: string, ...pages: (typeof missed | typeof givenUp)[][]): void => {
    ledger.documents.plan(makePlan(id))
    pages.forEach((warnings, index) =>
      ledger.pages.putResult(id, makePage({ page: index + 1, warnings })),
    )
    ledger.documents.setRead(firstPass(id), read, null)
    ledger.documents.settle(firstPass(id), {})
  }
  add('clean', [])
  add('one', [missed], [], [missed])
  add('both', [missed, givenUp], [])
  const run = makeRun()
  const report = await buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  assert.deepEqual(report.warned?.count, 2)
  assert.deepEqual(report.warned?.codes, { text_missed: 2, reading_given_up: 1 })
  assert.deepEqual(report.warned?.paths.toSorted(), ['both.png', 'one.png'])
})

test('a finished run names documents without an outcome, up to a limit', async (t) => {
  const ledger = makeLedger(t)
  const run = makeRun()
  const report = () => buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  assert.deepEqual((await report()).unsettled, { count: 0, paths: [] })
  for (let n = 1; n <= 25; n += 1) ledger.documents.plan(makePlan(`d${n}`))
  const { unsettled } = await report()
  assert.deepEqual([unsettled?.count, unsettled?.paths.length], [25, 20])
})

test('a run without files has a complete report', async (t) => {
  const run = makeRun()
  const report = await buildReport(makeLedger(t), run, newProgress('r1', run.startedAt), 'finished')
  assert.deepEqual(report.outcomes, {})
  assert.deepEqual(report.pageMs, { p50: 0, p95: 0 })
  assert.deepEqual(report.workers, [])
  assert.ok(Number.isFinite(report.pagesPerSecond))
})

/** An ended page of a separate document. */
function putPage(ledger: Ledger, id: string, given: Parameters<typeof makePage>[0]): void {
  ledger.documents.plan(makePlan(id))
  ledger.documents.setInput(firstPass(id), input, 1)
  ledger.pages.putResult(id, makePage(given))
  ledger.documents.setRead(firstPass(id), read, null)
  ledger.documents.settle(firstPass(id), {})
}

test("a worker's busy time counts once, however many pages it has in hand", async (t) => {
  const ledger = makeLedger(t)
  for (const id of ['d1', 'd2', 'd3', 'd4']) {
    // Each is prepared for 2 s, all of it while the one before is read for 2.5 s.
    putPage(ledger, id, { timings: timings(2_500, 2_000, id === 'd1' ? 0 : 2_000) })
  }
  const run = { ...makeRun(), startedAt: new Date(Date.now() - 24_000).toISOString() }
  const report = await buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  assert.equal(report.workers[0]?.utilisation, 0.5)
  assert.equal(report.pageMs.p50, 4_500)
})

test('earlier readings of a resumed run do not count towards its time', async (t) => {
  const ledger = makeLedger(t)
  putPage(ledger, 'd1', { timings: timings(60_000) })
  const run = { ...makeRun(), startedAt: new Date(Date.now() + 1_000).toISOString() }
  const report = await buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  const { pagesRead, pagesPerSecond, workers } = report
  assert.deepEqual([pagesRead, pagesPerSecond, workers[0]?.utilisation], [1, 0, 0])
})

test('a worker that does not report overlaps has a utilisation of at most 1', async (t) => {
  const ledger = makeLedger(t)
  const { overlapMs: _, ...older } = timings(60_000)
  putPage(ledger, 'd1', { timings: older })
  const run = { ...makeRun(), startedAt: new Date(Date.now() - 10_000).toISOString() }
  const report = await buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  assert.equal(report.workers[0]?.utilisation, 1)
})

test('queries over all pages of a run yield to other work', async (t) => {
  const ledger = makeLedger(t)
  const run = makeRun()
  let turns = 0
  const count = (): void => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  t.after(() => clearImmediate(next))
  const before: number[] = []
  const takeLong = (): void => {
    before.push(turns)
    const until = performance.now() + 15
    while (performance.now() < until);
  }
  const { pages } = ledger
  for (const name of ['shares', 'slowest', 'leastConfident'] as const) {
    t.mock.method(pages, name, () => {
      takeLong()
      return []
    })
  }
  for (const name of ['count', 'percentile'] as const) {
    t.mock.method(pages, name, () => {
      takeLong()
      return 0
    })
  }
  await buildReport(ledger, run, newProgress('r1', run.startedAt), 'finished')
  assert.equal(before.length, 6)
  assert.equal(new Set(before).size, 6, `turns: ${before.join(', ')}`)
})
