import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertAlways, constantFrom, property, string } from 'fast-check'
import { characterErrorRate, wordF1 } from '../../../../scripts/tools/accuracy/text-accuracy.ts'

test('word F1 counts each word as often as it occurs in both, in any order', () => {
  // the 2, cat, sat, on, mat: 6 words; the, cat, sat, on, a, mat: 6 words; 5 of them in both.
  assert.equal(wordF1('The cat sat on the mat.', 'mat; a on SAT cat the'), (2 * 5) / 12)
})

test('word F1 of two empty texts is 1, of one empty text 0', () => {
  assert.equal(wordF1('', ' \n'), 1)
  assert.equal(wordF1('word', ''), 0)
  assert.equal(wordF1('', 'word'), 0)
})

test('the character error rate is the number of edits divided by the length of the truth', () => {
  // "the" becomes "a" by three edits, the full stop goes with a fourth; the truth has 23 characters.
  assert.equal(characterErrorRate('The cat sat on the mat.', 'the cat sat on a mat'), 4 / 23)
})

test('kinds of quotes and dashes, ligatures, case and white space are no errors', () => {
  const [truth, text] = ['“Fine” — he said:\n it’s  ﬁne', '"fine" - He said: it\'s fine']
  assert.equal(characterErrorRate(truth, text), 0)
  assert.equal(wordF1(truth, text), 1)
})

test('the character error rate is at most 1, also for an empty truth', () => {
  assert.equal(characterErrorRate('ab', 'something much longer'), 1)
  assert.equal(characterErrorRate('', 'x'), 1)
  assert.equal(characterErrorRate('', ''), 0)
})

test("the character error rate equals the textbook algorithm's", () => {
  const letters = string({ unit: constantFrom('a', 'b', 'ä', 'ß', '一'), maxLength: 80 })
  assertAlways(
    property(letters, letters, (truth, text) => {
      const expected = Math.min(1, textbookDistance(truth, text) / Math.max(1, truth.length))
      assert.equal(characterErrorRate(truth, text), expected)
    }),
  )
})

/** Wagner and Fischer's table, all of it. */
function textbookDistance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  )
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const swap = table[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      table[i]![j] = Math.min(swap, table[i - 1]![j]! + 1, table[i]![j - 1]! + 1)
    }
  }
  return table[a.length]![b.length]!
}
