import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scoring } from '../../../../scripts/tools/accuracy/scoring.ts'
import {
  comparePages,
  formatComparison,
  formatInvented,
  wordsIn,
} from '../../../../scripts/tools/eval/against.ts'

const scoringOf = (scores: Record<string, number | undefined>): Scoring => ({
  pages: Object.entries(scores).map(([path, f1]) => {
    return { path, set: '.', f1: f1 ?? 0, cer: 0, isMissing: f1 === undefined }
  }),
  sets: [],
  total: { f1: 0, cer: 0, pages: 0, missing: 0 },
})

const ours = scoringOf({ 'a.png': 95, 'b.png': 99, 'c.png': 60, 'd.pdf': 90, 'blank.png': 0 })
const plain = scoringOf({
  'a.png': 90,
  'b.png': 99.9,
  'c.png': 80,
  'd.pdf': undefined,
  'blank.png': 100,
})

test('a comparison lists pages that read worse by more than a point, and skips unreadable and unprinted ones', () => {
  const comparison = comparePages(ours, plain, (path) => path !== 'blank.png')
  assert.equal(comparison.pages, 3)
  assert.ok(Math.abs(comparison.medianGain + 0.9) < 1e-9)
  assert.deepEqual(comparison.worse, [{ path: 'c.png', f1: 60, plainF1: 80 }])
  assert.deepEqual(formatComparison(comparison), [
    'against plain tesseract, 3 pages: median difference of F -0.9; worse by more than 1: 1',
    '  page       F  plain',
    '  c.png   60.0   80.0',
  ])
})

test('a comparison has a row for each set, where there are several', () => {
  const [mine, other] = [
    scoringOf({ 'letters/a.png': 90, 'letters/b.png': 100, 'forms/c.png': 80 }),
    scoringOf({ 'letters/a.png': 95, 'letters/b.png': 97, 'forms/c.png': 80.5 }),
  ]
  assert.deepEqual(formatComparison(comparePages(mine, other, () => true)).slice(1, 4), [
    '  set       pages   plain       F  median   worst   worse',
    '  letters       2    96.0    95.0    -1.0    -5.0       1',
    '  forms         1    80.5    80.0    -0.5    -0.5       0',
  ])
})

test('punctuation and noise marks are no invented words', () => {
  assert.deepEqual(wordsIn('~ | hud — 7 .'), ['hud', '7'])
  const found = [
    { path: 'a.png', words: ['hud', '7'] },
    { path: 'b.png', words: [] },
  ]
  assert.deepEqual(formatInvented(found), [
    '2 pages without print: 2 invented words',
    '  a.png: hud 7',
  ])
})
