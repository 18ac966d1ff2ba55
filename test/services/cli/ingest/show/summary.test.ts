import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  exitCodeOf,
  formatDryRun,
  formatSummary,
  tally,
  unsettledLines,
} from '../../../../../services/cli/ingest/show/summary.ts'
import { newProgress } from '../../../../../shared/contract/messages/progress.ts'
import { defaultRecipe } from '../../../../../shared/contract/recipe.ts'
import type { RunReport } from '../../../../../shared/contract/report.ts'

const makeReport = (given: Partial<RunReport> = {}): RunReport => ({
  runId: 'r1',
  state: 'finished',
  root: '/scans',
  out: '/out',
  recipe: defaultRecipe,
  fingerprint: 'fp',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:01:05.000Z',
  seconds: 65,
  seen: 3,
  outcomes: { succeeded: 3 },
  restored: 0,
  unavailable: 0,
  failedEarlier: 0,
  open: 0,
  pagesRead: 3,
  pagesPerSecond: 0.05,
  pageMs: { p50: 900, p95: 1_500 },
  workers: [{ worker: 'w1', pages: 3, share: 1, utilisation: 0.5 }],
  slowest: [{ path: 'slow\n.png', page: 2, ms: 2_000, confidence: 90 }],
  leastConfident: [{ path: 'dim.png', page: 1, ms: 10, confidence: 41.6 }],
  ...given,
})
const exitOf = (outcomes: Record<string, number>, given: Partial<RunReport> = {}): number =>
  exitCodeOf(makeReport({ outcomes, ...given }))

test('the exit code distinguishes all, some and no files read', () => {
  assert.equal(exitOf({ succeeded: 2, empty: 1, duplicate: 1 }), 0)
  assert.equal(exitOf({}), 0)
  assert.equal(exitOf({ skipped_unchanged: 5 }), 0)
  assert.equal(exitOf({ succeeded: 1, rejected: 1 }), 2)
  assert.equal(exitOf({ skipped_unchanged: 1, timeout: 1 }), 2)
  assert.equal(exitOf({ succeeded: 1, unstable: 1 }), 2)
  assert.equal(exitOf({ unstable: 1 }), 2)
  assert.equal(exitOf({ succeeded: 1 }, { unavailable: 1 }), 2)
  assert.equal(exitOf({ skipped_unchanged: 1 }, { unavailable: 1 }), 2)
  assert.equal(exitOf({ rejected: 2, engine_crash: 1 }), 4)
  assert.equal(exitOf({}, { failedEarlier: 1 }), 4)
  assert.equal(exitOf({ succeeded: 3 }, { state: 'interrupted' }), 130)
  assert.equal(exitOf({ succeeded: 1, cancelled: 2 }, { state: 'cancelled' }), 130)
})

test('documents without an outcome are named, and set the exit code', () => {
  const unsettled = { count: 3, paths: ['a.png', 'b\n.png'] }
  assert.equal(exitOf({ succeeded: 2 }, { unsettled }), 2)
  assert.equal(exitOf({}, { unsettled }), 4)
  assert.equal(exitOf({ succeeded: 2 }, { unsettled: { count: 0, paths: [] } }), 0)
  assert.match(formatSummary(makeReport({ unsettled })), /Done: .*, 3 without an outcome\./)
  assert.deepEqual(unsettledLines(makeReport({ unsettled })), [
    '3 files without an outcome in the ledger; repeat the command to read them:',
    '  a.png',
    '  "b\\n.png"',
    '  … and 1 more',
  ])
  assert.deepEqual(unsettledLines(makeReport()), [])
})

test('outcomes are summed into read, unchanged and failed', () => {
  const outcomes = { succeeded: 1, empty: 2, duplicate: 3, rejected: 4, failed: 5, unstable: 6 }
  const report = makeReport({ outcomes: { ...outcomes, skipped_unchanged: 7 }, failedEarlier: 8 })
  assert.deepEqual(tally(report), {
    read: 6,
    unchanged: 7,
    failed: 9,
    failedEarlier: 8,
    unstable: 6,
  })
})

test('a summary has speed, workers, and the slowest and least confident pages, a file per line', () => {
  const text = formatSummary(makeReport())
  assert.match(text, /Done: 3 read, 0 failed, 0 unchanged/)
  assert.match(text, /3 pages in 1 min 05 s/)
  assert.match(text, /p50 900 ms, p95 1\.5 s/)
  assert.match(text, /w1 .*3 pages .*100 % .*busy 50 %/)
  assert.match(text, /"slow\\n\.png"#2 +2\.0 s/)
  assert.match(text, /dim\.png#1 +42 %/)
})

test('a summary names an idle, empty or interrupted run', () => {
  const idle = { pagesRead: 0, outcomes: { skipped_unchanged: 3 } }
  assert.match(formatSummary(makeReport(idle)), /Nothing to do: 3 files/)
  const one = { pagesRead: 0, outcomes: { skipped_unchanged: 1 } }
  assert.match(formatSummary(makeReport(one)), /Nothing to do: 1 file was read earlier/)
  assert.match(formatSummary(makeReport({ pagesRead: 1 })), /^1 page in /m)
  assert.match(formatSummary(makeReport({ seen: 0, pagesRead: 0, outcomes: {} })), /No files/)
  assert.match(formatSummary(makeReport({ state: 'interrupted', open: 7 })), /7 left/)
})

test('a dry run has a prominent banner and counts by action', () => {
  const progress = { ...newProgress('r1', ''), seen: 9, planned: 5, failed: 1, unchanged: 3 }
  const text = formatDryRun(progress)
  assert.match(text, /\*\*\* DRY RUN/)
  assert.match(text, /would be read +4\n/)
  assert.match(text, /cannot be read +1\n/)
})

test('a paused run has its reason, the number of open documents, the cure and its own exit code', () => {
  const report = makeReport({
    state: 'paused',
    outcomes: { succeeded: 3, rejected: 1 },
    open: 96,
    pause: {
      rule: 'in_a_row',
      code: 'engine_failed',
      failures: 50,
      of: 50,
      example: { path: 'a.png', page: null, message: 'broken' },
      message: '50 readings in a row failed (engine_failed); for example a.png: broken',
      cure: 'look at the engine',
    },
  })
  assert.equal(exitCodeOf(report), 75)
  const text = formatSummary(report)
  assert.match(text, /^Paused: 50 readings in a row failed/m)
  assert.match(text, /^3 read, 1 failed, 96 left/m)
  assert.match(text, /^Cure: look at the engine$/m)
})

test('documents with warnings are counted by warning, and the first are named', () => {
  const paths = ['a.png', 'b\n.png', 'c.png', 'd.png', 'e.png', 'f.png']
  const codes = { reading_given_up: 2, text_missed: 6 }
  const text = formatSummary(makeReport({ warned: { count: 7, codes, paths } }))
  assert.match(
    text,
    /\n7 documents with warnings: text missed in 6, a reading given up in 2 \(--retry-warned reads it again\)\n {2}a\.png\n/,
  )
  assert.match(text, /\n {2}e\.png\n {2}… and 2 more\n/)
  assert.doesNotMatch(text, /f\.png/)
  const others = { pictures_unread: 1, pages_missing: 2 }
  assert.match(
    formatSummary(makeReport({ warned: { count: 2, codes: others, paths } })),
    /warnings: pictures unread in 1, fewer pages than announced in 2\n/,
  )
  const none = makeReport({ warned: { count: 0, codes: {}, paths: [] } })
  assert.doesNotMatch(formatSummary(none), /warnings/)
  assert.equal(exitOf({ succeeded: 3 }, { warned: { count: 7, codes, paths } }), 0)
})
