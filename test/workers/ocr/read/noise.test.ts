import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TextLine } from '../../../../workers/ocr/prepare/letters/lines.ts'
import { withBullets, withoutNoise } from '../../../../workers/ocr/read/noise.ts'
import { blockOf, lineAt, lineOver, textsOf } from '../judge/readings.ts'

const heading = lineOver('a sure heading', 96, 600, [0, 200])
const drawing = lineOver('309 68', 60, 600, [300, 520])
const line = lineOver('309 68', 60, 600, [600, 630])

/** Forty letters, 60 pixels high, in a line at this place. */
const lettersAt = (y: number): TextLine => {
  const letters = Array.from({ length: 40 }, (_, at) => ({
    x0: 15 * at,
    y0: y,
    x1: 15 * at + 12,
    y1: y + 60,
  }))
  return { letters, height: 60, close: 39 }
}

test('unsure words that are much larger than every line of letters are outlines of a drawing', () => {
  assert.deepEqual(textsOf(withoutNoise([blockOf(heading, drawing, line)], [lettersAt(20)])), [
    'a sure heading',
    '309 68',
  ])
  assert.equal(withoutNoise([blockOf(drawing)], [lettersAt(20)]).length, 0)
})

test('large words stay where their letters are known, or no letters at all', () => {
  assert.equal(withoutNoise([blockOf(drawing)], [lettersAt(400)]).length, 1)
  assert.equal(withoutNoise([blockOf(drawing)]).length, 1)
})

test('a line of scraps is noise at any size', () => {
  assert.deepEqual(withoutNoise([blockOf(lineOver('i| l- ,', 5, 600, [0, 30]))]), [])
})

test('a bullet that was read as a letter is named, letters on the line stay', () => {
  const line = lineAt(100, 'e The map noticed')
  const [mark, ...words] = line.words
  assert.ok(mark !== undefined)
  const bullet = { ...mark, bbox: { x0: 0, x1: 8, y0: 107, y1: 115 } }
  const named = withBullets([blockOf({ ...line, words: [bullet, ...words] }), blockOf(line)])
  assert.deepEqual(textsOf(named), ['• The map noticed', 'e The map noticed'])
})
