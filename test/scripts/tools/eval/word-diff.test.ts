import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  diffWords,
  formatChanges,
  plain,
  shorten,
} from '../../../../scripts/tools/eval/word-diff.ts'

const show = (truth: string, text: string, width = 1_000): string[] =>
  formatChanges(shorten(diffWords(truth, text)), width, plain)

test('a difference shows missing and added words in their original spelling', () => {
  assert.deepEqual(show('The cat, sat on the mat.', 'the CAT sal on mat ~'), [
    'the CAT [-sat-] {+sal+} on [-the-] mat',
  ])
})

test('long equal runs are counted, with a few words of context beside each difference', () => {
  const same = Array.from({ length: 20 }, (_, index) => `w${index}`).join(' ')
  assert.deepEqual(show(`${same} old ${same}`, `${same} new ${same}`), [
    '(17 words) w17 w18 w19 [-old-] {+new+} w0 w1 w2 (17 words)',
  ])
})

test('texts without a common word are all missing and all added', () => {
  assert.deepEqual(show('a b', 'c'), ['[-a b-] {+c+}'])
  assert.deepEqual(show('a b', ''), ['[-a b-]'])
  assert.deepEqual(show('', ''), [])
})

test('lines are broken between words, and no word is lost', () => {
  const truth = Array.from({ length: 40 }, (_, index) => `word${index}`)
  const lines = show(truth.join(' '), '', 30)
  assert.ok(
    lines.every((line) => line.length <= 34),
    lines.join('\n'),
  )
  assert.deepEqual(
    lines
      .join(' ')
      .replaceAll(/\[-|-\]/g, '')
      .split(' '),
    truth,
  )
})

test('a custom painter colours the pieces', () => {
  const lines = formatChanges(diffWords('a b', 'a c'), 100, (kind, text) => `<${kind} ${text}>`)
  assert.deepEqual(lines, ['<same a> <missing b> <added c>'])
})
