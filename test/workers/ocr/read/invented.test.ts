import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { fill, paperOf, surveyOf } from '../prepare/drawn.ts'
import { covering, readWith, says, written } from './read-with.ts'

/** Hollow squares of one size in rows, every other row shifted by half their distance. */
function raster(): Grey {
  const page = paperOf(1000, 1000)
  for (let row = 0; row < 24; row += 1) {
    for (let column = 0; column < 30; column += 1) {
      const [x, y] = [60 + column * 28 + (row % 2) * 14, 80 + row * 36]
      fill(page, x, y, 18, 18)
      fill(page, x + 3, y + 3, 12, 12, 255)
    }
  }
  return page
}

/** Pieces of 4 to 9 pixels in rows, as the grain of a picture yields. */
function grain(): Grey {
  const page = paperOf(1000, 1000)
  for (let row = 0; row < 80; row += 1) {
    for (let column = 0; column < 90; column += 1) {
      const size = 4 + ((row * 7 + column * 5) % 6)
      fill(page, 20 + column * 10 + ((column * column) % 4), 29 + row * 12 - size, size - 1, size)
    }
  }
  return page
}

test('marks in rows and grain may be a texture, letters are none', () => {
  assert.equal(surveyOf(raster()).isTexture, true)
  const { isTexture, isGrain } = surveyOf(grain())
  assert.deepEqual([isTexture, isGrain], [true, true])
  assert.equal(surveyOf(written).isTexture, false)
})

test('grain is not enlarged to the height of letters: its reading would take minutes', async () => {
  const { calls, read } = await readWith(grain(), [says('l 1 oFa il', 20)])
  assert.equal((await read).text, '')
  assert.ok(calls.every(({ width, height }) => width <= 1000 && height <= 1000))
})

test('marks in rows that the engine reads as one character again and again are no words', async () => {
  const zeros = '00000000000000000000000000O00000'
  const { calls, read } = await readWith(raster(), [covering([zeros, 95], [zeros, 95])])
  const { text, uncovered = 0, warnings = [] } = await read
  assert.equal(text, '')
  assert.equal(calls.length, 2, 'as prepared and as it is')
  assert.equal(uncovered, 1)
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['text_missed'],
  )
})

test('a page of letters that are all alike is text where it reads as such', async () => {
  const { read } = await readWith(raster(), [says('total of the figures in these columns')])
  assert.equal((await read).text, 'total of the figures in these columns')
})

test('poor words that leave most of the letters bare are invented', async () => {
  const corner = covering(
    ['Ess', 20],
    ['rane', 20],
    ...Array.from({ length: 12 }, () => ['', 0] as const),
  )
  const { text, warnings = [] } = await (await readWith(written, [corner])).read
  assert.equal(text, '')
  assert.ok(warnings.some(({ code }) => code === 'text_missed'))
})

test('poor words that cover all letters are kept: the page is in a language that the engine does not know', async () => {
  const { read } = await readWith(written, [covering(['moc1Ha wopdI', 40], ['dlrow nI yalp', 40])])
  const { text, warnings = [] } = await read
  assert.notEqual(text, '')
  assert.deepEqual(
    warnings.map(({ code, message }) => [code, /only \d+ % of the words/.test(message)]),
    [['low_confidence', true]],
  )
})
