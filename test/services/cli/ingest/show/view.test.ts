import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printableName } from '../../../../../shared/process/printable.ts'
import {
  createBlockedLines,
  createEstimateTeller,
  estimateLines,
  eventLines,
  formatSeconds,
  progressLine,
} from '../../../../../services/cli/ingest/show/view.ts'
import {
  newProgress,
  type Estimate,
  type RunEvent,
} from '../../../../../shared/contract/messages/progress.ts'

const brief = { verbose: false }
const event: RunEvent = {
  seq: 1,
  path: 'a.png',
  documentId: 'd1',
  outcome: 'rejected',
  pages: 0,
  confidence: null,
  ms: 0,
  error: { code: 'corrupt_image', message: 'is damaged' },
}

test('each unread file gets one line with file, code and reason', () => {
  assert.deepEqual(eventLines(event, brief), ['a.png: corrupt_image: is damaged'])
  const named = eventLines({ ...event, path: 'a\nb.png' }, brief)
  assert.deepEqual(named, ['"a\\nb.png": corrupt_image: is damaged'])
})

test('earlier failures are listed as such, successes are not listed', () => {
  const lines = eventLines({ ...event, outcome: 'skipped_unchanged' }, brief)
  assert.deepEqual(lines, ['a.png: failed in an earlier run: corrupt_image: is damaged'])
  assert.deepEqual(eventLines({ ...event, outcome: 'succeeded', error: null }, brief), [])
})

test('each format that could not be written gets a line with its reason', () => {
  const reason = { code: 'password_required', message: 'is encrypted' }
  const unavailable = [
    { format: 'pdf' as const, ...reason },
    { format: 'hocr' as const, code: 'unstable', message: 'has changed' },
  ]
  assert.deepEqual(
    eventLines({ ...event, error: null, outcome: 'succeeded', unavailable }, brief),
    [
      'a.png: not written as pdf: password_required: is encrypted',
      'a.png: not written as hocr: unstable: has changed',
    ],
  )
})

test('a path is printed on one line, and unchanged without control characters', () => {
  assert.equal(printableName('größe (1).png'), 'größe (1).png')
  assert.equal(printableName('\u001b[2Jboo'), String.raw`"\u001b[2Jboo"`)
})

test('durations are formatted for readers', () => {
  assert.deepEqual([0.4, 59.4, 60, 3_599, 3_720].map(formatSeconds), [
    '0 s',
    '59 s',
    '1 min 00 s',
    '59 min 59 s',
    '1 h 02 min',
  ])
})

const progress = {
  ...newProgress('run', '2026-01-01T00:00:00.000Z'),
  planned: 100_000,
  done: 48_000,
  failed: 2_000,
  pagesPerSecond: 4.21,
  etaSeconds: 3_720,
}

test('the progress line fits the terminal and always contains the counts', () => {
  const lines = [100, 79, 59, 45, 30].map((width) => progressLine(progress, width))
  assert.deepEqual(lines, [
    '[==================                 ]  50000/100000+ done, 2000 failed  4.2 pages/s  1 h 02 min left',
    '[=======       ]  50000/100000+ done, 2000 failed  4.2 pages/s  1 h 02 min left',
    '[======     ]  50000/100000+ done, 2000 failed  4.2 pages/s',
    '50000/100000+ done, 2000 failed  4.2 pages/s',
    '50000/100000+ done, 2000 faile',
  ])
})

test('before planning, and without an estimate, the progress line is short', () => {
  const line = progressLine({ ...progress, planned: 0, done: 0, failed: 0, etaSeconds: null }, 40)
  assert.equal(line, '0/0+ done, 0 failed  4.2 pages/s')
})

const estimate: Estimate = {
  documents: 100_000,
  seconds: 20_520,
  outputBytes: 2_400_000_000,
  freeBytes: 80_000_000_000,
  basis: 'canary',
}

test('an estimate has time, size and basis, and warns if the disk is too small', () => {
  assert.deepEqual(estimateLines(estimate), [
    'Estimate for 100000 files: 5 h 42 min, 2.4 GB of output (from the canary files); 80 GB free.',
  ])
  assert.match(estimateLines({ ...estimate, freeBytes: 1_000 })[1] ?? '', /^WARNING: .*--out/)
  assert.equal(estimateLines({ ...estimate, freeBytes: null }).length, 1)
})

test('an estimate is printed once, and not for a run shorter than a minute', () => {
  const lines: string[] = []
  const view = { line: (text: string) => void lines.push(text) }
  const short = createEstimateTeller(view)
  short(progress)
  short({ ...progress, estimate: { ...estimate, seconds: 30 } })
  assert.deepEqual(lines, [])
  const long = createEstimateTeller(view)
  long({ ...progress, estimate })
  long({ ...progress, estimate })
  assert.equal(lines.length, 1)
})

test('the reason for a wait is printed once, and so is its end', () => {
  const lines: string[] = []
  const tell = createBlockedLines((line) => lines.push(line))
  const progress = newProgress('r', '')
  const blocked = { ...progress, error: { code: 'recipe_mismatch', message: 'no worker can' } }
  for (const seen of [progress, blocked, blocked, progress, progress]) tell(seen)
  tell({ ...blocked, state: 'refused' })
  assert.deepEqual(lines, ['Waiting: no worker can', 'Reading continues.'])
})
