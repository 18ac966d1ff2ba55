import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findComponents } from '../../../../workers/ocr/prepare/letters/components.ts'
import { decodePage } from '../../../../workers/ocr/prepare/decode.ts'
import { turn } from '../../../../workers/ocr/prepare/turn.ts'
import { openSample } from '../../../helpers/pages/prepared.ts'
import { askew, fill, paperOf, write, writtenPage, surveyOf } from './drawn.ts'

const written = writtenPage(900, 1200, 22)
const turned = (rotation: 90 | 180 | 270) => turn(written, { isMirrored: false, rotation })

test('an upright page has lines and is neither blank nor on its side', () => {
  const { hasLines, isBlank, isSideways } = surveyOf(written)
  assert.deepEqual([hasLines, isBlank, isSideways], [true, false, false])
})

test('a page on its side is detected in both directions, and one upside down is not on its side', () => {
  assert.equal(surveyOf(turned(90)).isSideways, true)
  assert.equal(surveyOf(turned(270)).isSideways, true)
  assert.equal(surveyOf(turned(180)).isSideways, false)
  assert.equal(surveyOf(turned(90)).hasLines, true, 'its lines run down the page')
})

for (const sample of ['almanac.jpg', 'ledger/till.jpg', 'letters/fax.tif', 'stars.png']) {
  test(`${sample} is on its side only when it is rotated`, async () => {
    const { grey } = await decodePage(await openSample(sample), 100)
    assert.equal(surveyOf(grey).isSideways, false)
    for (const rotation of [90, 270] as const) {
      assert.equal(surveyOf(turn(grey, { isMirrored: false, rotation })).isSideways, true)
    }
  })
}

test('paper with grain, dust and shadow is blank', () => {
  const page = paperOf(900, 1200)
  page.data.forEach((_, index) => {
    page.data[index] = 225 - Math.floor((index % 900) / 20) - ((index * 7919) % 13)
  })
  fill(page, 400, 500, 2, 2)
  fill(page, 700, 900, 3, 2)
  assert.deepEqual([surveyOf(page).isBlank, surveyOf(page).textHeight], [true, 0])
  assert.equal(surveyOf(paperOf(1, 1)).isBlank, true)
})

test('a page with a single faint line is not blank', () => {
  const page = paperOf(900, 1200, 240)
  write(page, { left: 90, top: 120, right: 810, bottom: 150, letter: 22, ink: 195 })
  assert.equal(surveyOf(page).isBlank, false)
})

/** Soft shapes and coarse grain. */
function picture() {
  const page = paperOf(900, 1200)
  page.data.forEach((_, index) => {
    const [x, y] = [index % 900, Math.floor(index / 900)]
    const wave = Math.sin(x / 37) * Math.cos(y / 53) + Math.sin((x + y) / 91)
    page.data[index] = 128 + 50 * wave + ((index * 7919) % 23)
  })
  return page
}

test('a picture has no lines', () => {
  const { hasLines, isBlank } = surveyOf(picture())
  assert.deepEqual([hasLines, isBlank], [false, false])
})

test('coarse grain has no lines, though some of its specks are side by side', () => {
  let state = 1
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const page = paperOf(1200, 1600)
  page.data.forEach((_, index) => (page.data[index] = 100 + 20 * next()))
  const { samples, hasLines, slopes } = surveyOf(page)
  assert.ok(samples.length > 100, `${samples.length}`)
  assert.deepEqual([hasLines, slopes], [false, undefined])
})

test('the content box of a page is in its own pixels', () => {
  const page = paperOf(900, 1200)
  const box = { left: 210, top: 330, right: 700, bottom: 900 }
  write(page, { ...box, letter: 22 })
  const { content } = surveyOf(page)
  const ink = { x0: 900, y0: 1200, x1: 0, y1: 0 }
  page.data.forEach((value, index) => {
    if (value !== 0) return
    const [x, y] = [index % 900, Math.floor(index / 900)]
    ink.x0 = Math.min(ink.x0, x)
    ink.x1 = Math.max(ink.x1, x + 1)
    ink.y0 = Math.min(ink.y0, y)
    ink.y1 = Math.max(ink.y1, y + 1)
  })
  assert.deepEqual(content, ink)
})

test('the content box of a page without ink is the whole page', () => {
  assert.deepEqual(surveyOf(paperOf(90, 120)).content, { x0: 0, y0: 0, x1: 90, y1: 120 })
})

test('a survey does not depend on earlier pages', () => {
  const page = askew(written, 2)
  const first = surveyOf(page)
  surveyOf(picture())
  assert.deepEqual(surveyOf(page), first)
})

test('the dots of a print are no letters, and a hundred thousand of them take little time', () => {
  const page = paperOf(2000, 3000)
  page.data.forEach((_, index) => {
    if ((index % 2000) % 7 < 4 && Math.floor(index / 2000) % 7 < 5) page.data[index] = 0
  })
  assert.ok(findComponents(page, 128).count > 100_000)
  assert.ok(surveyOf(page).glyphs.length <= 4, 'all but the corners have neighbours')
})
