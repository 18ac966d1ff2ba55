import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCores } from '../../../../../workers/ocr/engine/neural/cores.ts'
import { decodeLine } from '../../../../../workers/ocr/engine/neural/ctc.ts'
import { arrange } from '../../../../../workers/ocr/engine/neural/layout.ts'
import { resample } from '../../../../../workers/ocr/engine/neural/resample.ts'
import { toLine } from '../../../../../workers/ocr/engine/neural/words.ts'
import { lineAt, textsOf } from '../../judge/readings.ts'

const alphabet = ['a', 'b', ' ']
/** Steps of a network with this alphabet, as classes. */
const stepsOf = (...classes: readonly number[]) => ({
  data: Float32Array.from(
    classes.flatMap((own) => [0, 1, 2, 3].map((each) => (each === own ? 0.7 : 0.1))),
  ),
  dims: [1, classes.length, 4],
})

test('repeated steps are one character, and a pause separates two equal ones', () => {
  const signs = decodeLine(stepsOf(0, 1, 1, 0, 1, 2, 0, 0), alphabet)
  assert.deepEqual(
    signs.map(({ text, at }) => [text, at]),
    [
      ['a', 2 / 8],
      ['a', 4.5 / 8],
      ['b', 5.5 / 8],
    ],
  )
})

test('a space is no character: the one after it has its probability', () => {
  const signs = decodeLine(stepsOf(1, 3, 2, 0, 2), alphabet)
  assert.deepEqual(
    signs.map(({ text, space }) => [text, Math.round(10 * space)]),
    [
      ['a', 1],
      ['b', 7],
      ['b', 1],
    ],
  )
})

test('a core has the slope, the thickness and the score of its pixels', () => {
  const map = { data: new Uint8Array(100 * 40), width: 100, height: 40 }
  for (let x = 10; x < 90; x += 1)
    for (let y = 0; y < 4; y += 1) map.data[(10 + y + Math.floor(x / 10)) * 100 + x] = 204
  const [core, ...others] = findCores(map, 76)
  assert.equal(others.length, 0)
  assert.ok(core !== undefined)
  assert.deepEqual([core.x0, core.x1, core.thickness], [10, 90, 4])
  assert.ok(Math.abs(core.slope - 0.1) < 0.01, `slope ${core.slope}`)
  assert.ok(Math.abs(core.y - 16.5) < 0.6, `middle ${core.y}`)
  assert.ok(Math.abs(core.score - 0.8) < 0.01, `score ${core.score}`)
})

test('a part beyond the page is white there, and rows follow the slope', () => {
  const page = { data: new Uint8Array(40 * 40).fill(255), width: 40, height: 40 }
  for (let x = 0; x < 40; x += 1) page.data[(10 + Math.round((x - 20) / 4)) * 40 + x] = 0
  const box = { x0: 0, y0: 5, x1: 40, y1: 15 }
  const level = resample(page, { box, slope: 0.25 }, { width: 40, height: 10 })
  const inRow = (y: number) => level.subarray(40 * y, 40 * y + 40).filter((value) => value < 128)
  assert.ok(inRow(5).length + inRow(4).length >= 38)
  const outside = { x0: -20, y0: -20, x1: -10, y1: -10 }
  const empty = resample(page, { box: outside, slope: 0 }, { width: 8, height: 8 })
  assert.ok(empty.every((value) => Math.round(value) === 255))
})

/** A line of bars, 8 columns wide with 4 between them, and 30 more columns before each one in `wide`. */
function lineOfBars(
  text: string,
  wide: readonly number[],
  { underlined = false, height = 28 }: { underlined?: boolean; height?: number } = {},
) {
  let x = 8
  const places = text.split('').map((sign, at) => {
    if (wide.includes(at)) x += 30
    const place = { sign, x }
    x += 12
    return place
  })
  const width = x + 8
  const strip = { data: new Uint8Array(width * 48).fill(255), width, height: 48 }
  for (const place of places)
    for (let y = 10; y < 10 + height; y += 1)
      strip.data.fill(0, y * width + place.x, y * width + place.x + 8)
  if (underlined) strip.data.fill(0, 42 * width, 44 * width)
  const signs = places.map((place) => ({
    text: place.sign,
    chance: 0.9,
    at: (place.x + 4) / width,
    space: 0,
  }))
  const box = { x0: 0, y0: 0, x1: width, y1: 48 }
  return toLine({ found: { box, slope: 0 }, strip, signs })
}

test('a wide gap of ink is a space that the network did not read, also above an underline', () => {
  assert.equal(lineOfBars('totalsum', [5])?.text, 'total sum')
  assert.equal(lineOfBars('totalsum', [5], { underlined: true })?.text, 'total sum')
  assert.equal(lineOfBars('totalsum', [])?.text, 'totalsum')
})

test('gaps between low marks are no spaces: the rows of ink are a part of the letters', () => {
  assert.equal(lineOfBars('totalsum', [], { height: 4 })?.text, 'totalsum')
  assert.equal(lineOfBars('totalsum', [5], { height: 4 })?.text, 'total sum')
})

test("a word's box is that of its ink", () => {
  const [total, sum] = lineOfBars('totalsum', [5])?.words ?? []
  assert.deepEqual(total?.bbox, { x0: 8, y0: 10, x1: 64, y1: 38 })
  assert.deepEqual(sum?.bbox, { x0: 98, y0: 10, x1: 130, y1: 38 })
})

test('cells of a row are one line; columns of text are read one after the other', () => {
  const cells = [0, 30, 60].flatMap((y) => [lineAt(y, `item${y}`), lineAt(y, '4.70', 95, 400)])
  assert.deepEqual(textsOf(arrange(cells)), ['item0 4.70', 'item30 4.70', 'item60 4.70'])
  const long = (side: string, y: number) => `${side} column of running text ${y}`
  const columns = [0, 30, 60].flatMap((y) => [
    lineAt(y, long('left', y)),
    lineAt(y, long('right', y), 95, 400),
  ])
  const sides = ['left', 'right'].flatMap((side) => [0, 30, 60].map((y) => long(side, y)))
  assert.deepEqual(textsOf(arrange(columns)), sides)
})
