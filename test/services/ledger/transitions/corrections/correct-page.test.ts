import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BBox, Line } from '../../../../../shared/contract/result/layout.ts'
import { correctLine } from '../../../../../services/ledger/transitions/corrections/correct-line.ts'
import { correctPage } from '../../../../../services/ledger/transitions/corrections/correct-page.ts'
import { makePage } from '../../../../helpers/ledger/records.ts'

type Placed = readonly [text: string, from: number, to: number]

/** A level line, 20 pixels high. */
function lineOf(...words: readonly Placed[]): Line {
  const box = (from: number, to: number): BBox => ({ x0: from, y0: 10, x1: to, y1: 30 })
  const [start, end] = [words[0]?.[1] ?? 0, words.at(-1)?.[2] ?? 0]
  return {
    text: words.map(([text]) => text).join(' '),
    confidence: 60,
    bbox: box(start, end),
    baseline: { x0: start, y0: 28, x1: end, y1: 28 },
    size: 20,
    words: words.map(([text, from, to]) => ({ text, confidence: 60, bbox: box(from, to) })),
  }
}

const placesOf = (line: Line | undefined): Placed[] =>
  (line?.words ?? []).map(({ text, bbox }) => [text, bbox.x0, bbox.x1])

const line = lineOf(['The', 0, 30], ['tothe', 40, 90], ['har', 100, 130], ['bour', 135, 175])

test('a changed word keeps its box, and the others their confidence', () => {
  const corrected = correctLine(line, 'The toothe har bour')
  assert.deepEqual(placesOf(corrected)[1], ['toothe', 40, 90])
  assert.deepEqual(
    corrected?.words.map(({ confidence }) => confidence),
    [60, 100, 60, 60],
  )
  assert.equal(corrected?.text, 'The toothe har bour')
})

test('a split word divides its box where its letters stand, and joined words join their boxes', () => {
  assert.deepEqual(placesOf(correctLine(line, 'The to the harbour')), [
    ['The', 0, 30],
    ['to', 40, 60],
    ['the', 60, 90],
    ['harbour', 100, 175],
  ])
})

test('an added word stands in its gap, or shares the box of its neighbour; a removed one is gone', () => {
  const gap = lineOf(['left', 0, 40], ['right', 200, 250])
  assert.deepEqual(placesOf(correctLine(gap, 'left middle right')), [
    ['left', 0, 40],
    ['middle', 40, 200],
    ['right', 200, 250],
  ])
  const [first, second] = placesOf(correctLine(line, 'The big tothe har bour'))
  assert.equal(first?.[0], 'The')
  assert.ok(second !== undefined && second[2] <= 40, 'it ends before the next word')
  assert.deepEqual(placesOf(correctLine(line, 'big The tothe har bour')).at(1)?.[0], 'The')
  assert.deepEqual(
    placesOf(correctLine(line, 'The bour')).map(([text]) => text),
    ['The', 'bour'],
  )
  assert.equal(correctLine(line, '  '), undefined)
})

test('words that share no letter divide the place by their lengths', () => {
  assert.deepEqual(placesOf(correctLine(lineOf(['###', 0, 100]), 'ab cdefg')), [
    ['ab', 0, 25],
    ['cdefg', 38, 100],
  ])
})

test('a line that runs upwards or from right to left is divided along its direction', () => {
  const { bbox, ...rest } = lineOf(['tothe', 0, 50])
  const upwards: Line = {
    ...rest,
    bbox,
    baseline: { x0: 28, y0: 50, x1: 28, y1: 0 },
    words: [{ text: 'tothe', confidence: 50, bbox: { x0: 10, y0: 0, x1: 30, y1: 50 } }],
  }
  assert.deepEqual(
    correctLine(upwards, 'to the')?.words.map((word) => [word.bbox.y0, word.bbox.y1]),
    [
      [30, 50],
      [0, 30],
    ],
  )
  const leftwards: Line = { ...line, baseline: { x0: 175, y0: 28, x1: 0, y1: 28 } }
  const turned = correctLine({ ...leftwards, words: leftwards.words.slice(1, 2) }, 'to the')
  assert.deepEqual(
    turned?.words.map((word) => [word.bbox.x0, word.bbox.x1]),
    [
      [70, 90],
      [40, 70],
    ],
  )
})

test('every correction keeps words, boxes and order: boxes are inside the line and never cross', () => {
  const letters = 'abcde'
  let seed = 1
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const wordOf = (): string =>
    Array.from({ length: 1 + random(6) }, () => letters[random(letters.length)]).join('')
  for (let round = 0; round < 2_000; round += 1) {
    let at = 0
    const words = Array.from({ length: random(6) }, (): Placed => {
      const from = at + 4 + random(10)
      at = from + 5 + random(40)
      return [wordOf(), from, at]
    })
    const texts = words.map(([text]) => text)
    for (let edit = 0; edit <= random(3); edit += 1) {
      const place = random(texts.length + 1)
      if (random(3) > 0)
        texts.splice(place, random(2), ...Array.from({ length: random(3) }, wordOf))
      else texts.splice(place, random(3))
    }
    const corrected = correctLine(lineOf(...words), texts.join(' '))
    assert.deepEqual(
      (corrected?.words ?? []).map(({ text }) => text),
      texts,
    )
    const places = placesOf(corrected)
    const story = `${JSON.stringify(words)} → ${texts.join(' ')}: ${JSON.stringify(places)}`
    places.forEach(([, from, to], index) => {
      assert.ok(from < to && from >= (places[index - 1]?.[1] ?? from), story)
    })
  }
})

const block = (...lines: Line[]) => {
  const located = {
    text: lines.map(({ text }) => text).join('\n'),
    confidence: 60,
    bbox: line.bbox,
  }
  return { ...located, paragraphs: [{ ...located, lines }] }
}

test('a corrected page has the text everywhere, and none of the warnings that it settles', () => {
  const page = {
    ...makePage(),
    text: 'one two\n\nthree',
    blocks: [block(lineOf(['one', 0, 10], ['two', 20, 30])), block(lineOf(['three', 0, 10]))],
    warnings: [
      { code: 'low_confidence' as const, message: '' },
      { code: 'text_missed' as const, message: '' },
    ],
  }
  const corrected = correctPage(page, { lines: ['one 2', ''], accepted: [1] })
  assert.equal(corrected?.text, 'one 2')
  assert.deepEqual(
    corrected.blocks.map(({ text, paragraphs }) => [text, paragraphs[0]?.text]),
    [['one 2', 'one 2']],
  )
  assert.equal(corrected.confidence, 100)
  assert.deepEqual(
    corrected.warnings?.map(({ code }) => code),
    ['text_missed'],
  )
  assert.equal(correctPage(page, { lines: ['one'], accepted: [] }), undefined)
  assert.equal(correctPage(page, { lines: ['', ''], accepted: [] })?.outcome, 'empty')
})
