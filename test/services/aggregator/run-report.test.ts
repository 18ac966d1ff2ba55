import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildReport } from '../../../services/aggregator/run-report.ts'
import { newProgress } from '../../../shared/messages.ts'
import { makeLedger, makePlan } from '../../helpers/ledger.ts'
import { input, makePage, makeRun } from '../../helpers/records.ts'

const read = { outcome: 'succeeded', error: null, worker: 'w' } as const
const timings = (recogniseMs: number) => ({ openMs: 0, prepareMs: 0, waitMs: 999, recogniseMs })

test('a report counts outcomes, shares the pages out and finds the slowest and the least sure', (t) => {
  const ledger = makeLedger(t)
  const add = (id: string): void => ledger.documents.plan(makePlan(id))
  for (const index of Array.from({ length: 20 }, (_, n) => n + 1)) {
    const id = `d${index}`
    add(id)
    ledger.documents.setInput(id, input, 1)
    const worker = index <= 15 ? 'w1' : 'w2'
    const page = { worker, confidence: 100 - index, timings: timings(index * 100) }
    ledger.pages.putResult(id, makePage(page))
    ledger.documents.setRead(id, read, null)
    ledger.documents.settle(id, {})
  }
  add('copy')
  ledger.pages.copy('d1', 'copy')
  ledger.documents.setRead('copy', { ...read, outcome: 'duplicate' }, 'd1')
  ledger.documents.settle('copy', {})
  add('bad')
  ledger.documents.fail('bad', 'rejected', { code: 'corrupt_image', message: '' })
  add('moving')
  ledger.documents.fail('moving', 'rejected', { code: 'unstable', message: '' })
  add('open')

  const run = { ...makeRun(), startedAt: new Date(Date.now() - 10_000).toISOString() }
  const progress = { ...newProgress('r1', run.startedAt), seen: 30, unchanged: 4, failedEarlier: 1 }
  const report = buildReport(ledger, run, { ...progress, unstable: 2, restored: 3 }, 'interrupted')

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

test('a run that found nothing has numbers too', (t) => {
  const run = makeRun()
  const report = buildReport(makeLedger(t), run, newProgress('r1', run.startedAt), 'finished')
  assert.deepEqual(report.outcomes, {})
  assert.deepEqual(report.pageMs, { p50: 0, p95: 0 })
  assert.deepEqual(report.workers, [])
  assert.ok(Number.isFinite(report.pagesPerSecond))
})
