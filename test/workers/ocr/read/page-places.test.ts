import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { BBox } from '../../../../shared/contract/result/layout.ts'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { createTesseract } from '../../../../workers/ocr/engine/tesseract.ts'
import type { ExifOrientation } from '../../../../workers/ocr/open/opened.ts'
import { decodePage } from '../../../../workers/ocr/prepare/decode.ts'
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import { turn } from '../../../../workers/ocr/prepare/turn.ts'
import { readPage } from '../../../../workers/ocr/read/page-reader.ts'
import { wordsOf } from '../../../../workers/ocr/read/score.ts'
import { openSample } from '../../../helpers/pages/prepared.ts'
import { askew, paperOf, write } from '../prepare/drawn.ts'
import { deskOf, readWith, recognition, written, type Answer } from './read-with.ts'

// Both before the first test: `after` runs once the tests that are registered so far have ended.
const { grey: bindery } = await decodePage(await openSample('letters/bindery.webp'), 100)
const engine = await createTesseract(defaultRecipe, undefined)
after(() => engine.close())

/** The box round all that is darker than half. */
function inkOf({ data, width, height }: Grey): BBox {
  const box = { x0: width, y0: height, x1: 0, y1: 0 }
  data.forEach((value, index) => {
    if (value >= 128) return
    const [x, y] = [index % width, Math.floor(index / width)]
    box.x0 = Math.min(box.x0, x)
    box.y0 = Math.min(box.y0, y)
    box.x1 = Math.max(box.x1, x + 1)
    box.y1 = Math.max(box.y1, y + 1)
  })
  return box
}

/** One line round all the ink that the engine is given. */
const seesInk: Answer = ({ pgm, width, height }) => {
  const bbox = inkOf({ data: pgm.subarray(-width * height), width, height })
  const word = { text: 'everything', confidence: 95, bbox }
  const { x0, x1, y0, y1 } = bbox
  const line = { ...word, baseline: { x0, y0: y1, x1, y1 }, size: y1 - y0, words: [word] }
  return recognition({ ...word, paragraphs: [{ ...word, lines: [line] }] })
}

/** Off the middle, so that no turn leaves it in its place. */
function offCentre(): Grey {
  const page = paperOf(900, 1200)
  write(page, { left: 120, top: 310, right: 640, bottom: 700, letter: 36 })
  return page
}

for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
  test(`boxes and baselines are in stored pixels after EXIF orientation ${orientation} was applied`, async () => {
    // The engine accepts any rotation, so that only places matter, not the orientation.
    const page = offCentre()
    const given = orientation >= 5 ? turn(page, { isMirrored: false, rotation: 90 }) : page
    const { read } = await readWith(given, [seesInk], { orientation })
    const { blocks } = await read
    const [found, wanted] = [blocks[0]?.bbox, inkOf(given)]
    for (const side of ['x0', 'y0', 'x1', 'y1'] as const) {
      const off = Math.abs((found?.[side] ?? Number.NaN) - wanted[side])
      assert.ok(off <= 1, `${side}: ${JSON.stringify([found, wanted])}`)
    }
    const { x0, y0, x1, y1 } = blocks[0]?.paragraphs[0]?.lines[0]?.baseline ?? assert.fail()
    assert.equal(Math.abs(x1 - x0) > Math.abs(y1 - y0), orientation < 5, 'as its line runs')
  })
}

test('a skewed page reports its angle, and its boxes are inside it', async () => {
  const page = askew(written, 3)
  const { read } = await readWith(page, [seesInk])
  const { orientation, blocks } = await read
  assert.ok(Math.abs(orientation.skew + 3) < 0.3, `${orientation.skew}`)
  const { x0, y0, x1, y1 } = blocks[0]?.bbox ?? assert.fail()
  assert.ok(x0 >= 0 && y0 >= 0 && x1 <= page.width && y1 <= page.height)
  assert.ok([x0, y0, x1, y1].every(Number.isInteger))
})

/** The share of the page's ink inside the boxes of words, and the minimum share of ink in any box. */
function inkIn(page: Grey, boxes: readonly BBox[]) {
  const isBoxed = new Uint8Array(page.data.length)
  const shares = boxes.map(({ x0, y0, x1, y1 }) => {
    let ink = 0
    for (let y = y0; y < y1; y += 1) {
      isBoxed.fill(1, y * page.width + x0, y * page.width + x1)
      for (let x = x0; x < x1; x += 1) ink += (page.data[y * page.width + x] ?? 255) < 128 ? 1 : 0
    }
    return ink / ((x1 - x0) * (y1 - y0))
  })
  let [all, boxed] = [0, 0]
  page.data.forEach((value, index) => {
    if (value >= 128) return
    all += 1
    boxed += isBoxed[index] ?? 0
  })
  return { boxed: boxed / all, least: Math.min(...shares) }
}

async function readBindery(given: Grey, orientation: ExifOrientation) {
  const desk = await deskOf(given, orientation)
  return readPage(desk, 'bindery', defaultRecipe, (page) => engine.recognise(page, 60_000))
}

const rotationsBack = { 1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 270, 7: 270, 8: 90 } as const

/** The pixels that an orientation makes upright. */
function stored(orientation: ExifOrientation): Grey {
  const unturned = turn(bindery, { isMirrored: false, rotation: rotationsBack[orientation] })
  return turn(unturned, { isMirrored: [2, 4, 5, 7].includes(orientation), rotation: 0 })
}

for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
  test(`words read with EXIF orientation ${orientation} cover their ink in the stored image`, async () => {
    const given = stored(orientation)
    const { blocks, text } = await readBindery(given, orientation)
    assert.match(text, /sewing/)
    const { boxed, least } = inkIn(
      given,
      wordsOf(blocks).map(({ bbox }) => bbox),
    )
    assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
    assert.ok(least > 0.05, `${least}`)
  })
}

for (const rotation of [90, 180, 270] as const) {
  test(`words on a page rotated by ${rotation} without EXIF cover their ink`, async () => {
    const given = turn(bindery, { isMirrored: false, rotation })
    const { blocks, text, orientation } = await readBindery(given, 1)
    assert.equal(orientation.rotation, 360 - rotation)
    assert.match(text, /sewing/)
    const { boxed, least } = inkIn(
      given,
      wordsOf(blocks).map(({ bbox }) => bbox),
    )
    assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
    assert.ok(least > 0.05, `${least}`)
  })
}

test('words on a skewed page cover their ink', async () => {
  const given = askew(bindery, 3)
  const { blocks } = await readBindery(given, 1)
  const { boxed, least } = inkIn(
    given,
    wordsOf(blocks).map(({ bbox }) => bbox),
  )
  assert.ok(boxed > 0.9, `${boxed} of the ink is in a box`)
  assert.ok(least > 0.03, `${least}`)
})
