import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chanceOf } from '../../../../workers/ocr/read/chance.ts'
import { scoreOf, linesOf, wordsOf } from '../../../../workers/ocr/read/score.ts'
import { blockOf, lineAt } from '../judge/readings.ts'

const chance = (text: string, confidence: number): number =>
  chanceOf({ text, confidence }) ?? Number.NaN

test('punctuation alone is not a word', () => {
  for (const text of ['', ' ', '—', '...', '|', '«»', '©']) {
    assert.equal(chanceOf({ text, confidence: 90 }), undefined, text)
  }
})

test('higher engine confidence gives a higher probability, at most 1', () => {
  for (const text of ['harbour', 'of', '1931', '7', 'oFTh', 'aB', 'x1', 'abc123', 'наука', '١٢']) {
    const chances = [0, 20, 40, 60, 80, 100].map((confidence) => chance(text, confidence))
    assert.deepEqual(
      chances,
      chances.toSorted((a, b) => a - b),
      text,
    )
    assert.ok(
      chances.every((each) => each > 0 && each < 1),
      text,
    )
    assert.ok((chances[5] ?? 0) > (chances[0] ?? 0), text)
  }
})

test('an unsure short fragment is more likely wrong than a long word or a number', () => {
  assert.ok(chance('of', 30) < chance('harbour', 30))
  assert.ok(chance('of', 30) < chance('1931', 30))
  assert.ok(chance('hArbOur', 80) < chance('harbour', 80))
  assert.ok(chance('HARBOUR', 80) === chance('harbour', 80), 'capitals are nothing odd')
  assert.ok(chance('Harbour', 80) === chance('harbour', 80))
})

test('length is counted in letters, not in code units, and ligatures count as their letters', () => {
  assert.equal(chance('𐌰𐌱𐌲', 50), chance('abc', 50))
  assert.equal(chance('ﬁre', 50), chance('fire', 50))
  assert.equal(chance('“of”', 50), chance('of', 50))
})

test('confidence out of range is clamped', () => {
  assert.equal(chance('harbour', -5), chance('harbour', 0))
  assert.equal(chance('harbour', 120), chance('harbour', 100))
})

test('the score rises with words that are likely right and falls with words that are likely wrong', () => {
  const good = scoreOf([{ text: 'harbour', confidence: 95 }])
  const better = scoreOf([
    { text: 'harbour', confidence: 95 },
    { text: 'board', confidence: 95 },
  ])
  const noisy = scoreOf([
    { text: 'harbour', confidence: 95 },
    { text: 'l', confidence: 10 },
    { text: '|', confidence: 10 },
  ])
  assert.ok(better.worth > good.worth && noisy.worth < good.worth)
  assert.deepEqual([good.words, better.words, noisy.words], [1, 2, 2])
  assert.ok(noisy.share < good.share && good.share > 0.9)
})

test('no words give a share and a worth of 0', () => {
  assert.deepEqual(scoreOf([]), { words: 0, share: 0, worth: 0 })
  assert.deepEqual(scoreOf([{ text: '--', confidence: 99 }]), { words: 0, share: 0, worth: 0 })
})

test('lines and words are listed in page order', () => {
  const blocks = [blockOf(lineAt(0, 'one two'), lineAt(30, 'three')), blockOf(lineAt(60, 'four'))]
  assert.deepEqual(
    linesOf(blocks).map(({ text }) => text),
    ['one two', 'three', 'four'],
  )
  assert.deepEqual(
    wordsOf(blocks).map(({ text }) => text),
    ['one', 'two', 'three', 'four'],
  )
})
