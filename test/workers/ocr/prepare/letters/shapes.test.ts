import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import { at, fill, paperOf, surveyOf, write } from '../drawn.ts'
import { planRendering } from '../../../../../workers/ocr/prepare/rendering.ts'

/** The outline of a box, three pixels thick. */
function frame(page: Grey, x: number, y: number, width: number, height: number): void {
  fill(page, x, y, width, 3)
  fill(page, x, y + height - 3, width, 3)
  fill(page, x, y, 3, height)
  fill(page, x + width - 3, y, 3, height)
}

/** The outline of an ellipse, five pixels thick. */
function ring(page: Grey, x: number, y: number, radius: number): void {
  for (let dy = -radius; dy <= radius; dy += 1) {
    for (let dx = -radius; dx <= radius; dx += 1) {
      const distance = Math.hypot(dx, dy * 1.2)
      if (distance <= radius && distance > radius - 5) fill(page, x + dx, y + dy, 1, 1)
    }
  }
}

test('boxes for letters are no letters, and are erased; the writing beside and in them stays', () => {
  const page = paperOf(1200, 1200)
  for (let y = 100; y < 1100; y += 140) {
    write(page, { left: 60, top: y, right: 700, bottom: y + 24, letter: 24 })
    for (let x = 60; x < 1100; x += 62) frame(page, x, y + 50, 56, 64)
    write(page, { left: 76, top: y + 70, right: 100, bottom: y + 94, letter: 24 })
  }
  const { page: clean, textHeight, glyphs } = surveyOf(page)
  assert.ok(Math.abs(textHeight - 24) <= 2, `${textHeight}`)
  assert.ok(glyphs.every(({ x0, x1 }) => x1 - x0 < 50))
  assert.deepEqual([at(clean, 61, 180), at(clean, 90, 151)], [255, 255], 'sides')
  assert.equal(at(clean, 77, 180), 0, 'a letter in a box')
  assert.equal(at(clean, 61, 110), 0, 'a letter beside it')
})

test('the outlines of a drawing do not tell the height of the writing', () => {
  const page = paperOf(1200, 1600)
  write(page, { left: 90, top: 100, right: 1100, bottom: 240, letter: 20 })
  for (let index = 0; index < 90; index += 1) {
    ring(page, 100 + ((index * 211) % 1000), 500 + ((index * 337) % 1000), 22 + ((index * 13) % 40))
  }
  const { textHeight, hasLines } = surveyOf(page)
  assert.equal(hasLines, true)
  assert.ok(Math.abs(textHeight - 20) <= 2, `${textHeight}`)
})

/** Rows of cells of two to five letters. */
function table(rows: number): Grey {
  const page = paperOf(1200, 1000)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      const left = 60 + column * 140
      const right = left + 18 * (2 + ((row * 3 + column * 5) % 4))
      write(page, { left, right, top: 60 + row * 40, bottom: 80 + row * 40, letter: 20 })
    }
  }
  return page
}

test('rows of short cells are a table, prose and cells between rules are none', () => {
  const page = table(20)
  assert.deepEqual([surveyOf(page).isTable, surveyOf(page).hasLines], [true, true])
  assert.equal(surveyOf(page).isSideways, false)
  const prose = paperOf(1200, 1000)
  write(prose, { left: 60, top: 60, right: 1140, bottom: 940, letter: 20 })
  assert.equal(surveyOf(prose).isTable, false)
  for (let row = 0; row <= 20; row += 1) fill(page, 40, 48 + row * 40, 1130, 2)
  assert.equal(surveyOf(page).isTable, false, 'engines find rules by themselves')
})

test('columns of figures between prose are seen, and are printed as large as on pages of few letters', () => {
  const page = paperOf(1200, 1400)
  const rows = table(20)
  page.data.set(rows.data, 0)
  assert.equal(surveyOf(page).hasFigures, true)
  write(page, { left: 60, top: 1000, right: 1140, bottom: 1340, letter: 20 })
  const survey = surveyOf(page)
  assert.deepEqual([survey.isTable, survey.hasFigures], [false, true])
  const few = { textHeight: 22, narrowing: 0.9, gain: 1 }
  const many = { textHeight: 18, narrowing: 0.75 }
  const { scale } = planRendering(survey, { ...few, many })
  assert.deepEqual(scale, planRendering(survey, few).scale)
  const prose = paperOf(1200, 1400)
  write(prose, { left: 60, top: 60, right: 1140, bottom: 1340, letter: 20 })
  assert.equal(surveyOf(prose).hasFigures, false)
  assert.ok(planRendering(surveyOf(prose), { ...few, many }).scale.x < scale.x)
})

test('a page with much smaller print beside the usual one has small print', () => {
  const page = paperOf(1200, 1200)
  write(page, { left: 60, top: 60, right: 1140, bottom: 700, letter: 24 })
  assert.equal(surveyOf(page).smallPrint, 0)
  write(page, { left: 60, top: 760, right: 1140, bottom: 900, letter: 14 })
  assert.ok(Math.abs(surveyOf(page).smallPrint - 14) <= 2, `${surveyOf(page).smallPrint}`)
  const { scale } = planRendering(surveyOf(page), { textHeight: 12, narrowing: 0.8, gain: 1 })
  assert.ok(14 * scale.y > 12, `small print is ${14 * scale.y} px high`)
})

test('the dots of leaders are no letters, however many there are', () => {
  const page = paperOf(1200, 1400)
  for (let row = 0; row < 24; row += 1) {
    const y = 60 + row * 50
    write(page, { left: 60, top: y, right: 300, bottom: y + 20, letter: 20 })
    for (let x = 320; x < 1080; x += 12) fill(page, x, y + 14, 5, 5)
    write(page, { left: 1100, top: y, right: 1140, bottom: y + 20, letter: 20 })
  }
  const { textHeight, glyphs } = surveyOf(page)
  assert.ok(Math.abs(textHeight - 20) <= 2, `${textHeight}`)
  assert.ok(
    glyphs.every(({ y0, y1 }) => y1 - y0 > 10),
    'no glyph is a dot',
  )
})

test('writing of a few words is not narrowed', () => {
  const page = paperOf(1200, 900)
  write(page, { left: 60, top: 60, right: 700, bottom: 90, letter: 24 })
  const wishes = { textHeight: 24, narrowing: 0.8, gain: 1 }
  assert.equal(planRendering(surveyOf(page), wishes).factor.x, 1)
  write(page, { left: 60, top: 120, right: 1140, bottom: 800, letter: 24 })
  assert.ok(planRendering(surveyOf(page), wishes).factor.x < 0.9)
})

test('a few words on their side are known to be', () => {
  const page = paperOf(900, 1200)
  for (const left of [300, 380]) {
    for (let index = 0; index < 24; index += 1) {
      if (index % 6 === 5) continue
      const y = 200 + index * 26
      fill(page, left, y, 28, 4)
      fill(page, left, y + 16, 28, 4)
      fill(page, left, y, 4, 20)
    }
  }
  const { hasLines, isSideways } = surveyOf(page)
  assert.deepEqual([hasLines, isSideways], [true, true])
})

test('the sides of wide fields are erased, the writing close to them stays', () => {
  const page = paperOf(1600, 1200)
  for (let y = 100; y < 1100; y += 90) {
    frame(page, 60, y, 1480, 44)
    write(page, { left: 80, top: y + 10, right: 700, bottom: y + 34, letter: 24 })
  }
  const { page: clean } = surveyOf(page)
  assert.deepEqual(
    [at(clean, 1000, 101), at(clean, 61, 120), at(clean, 1538, 120)],
    [255, 255, 255],
  )
  for (let y = 110; y < 134; y += 1) {
    for (let x = 80; x < 700; x += 1) assert.ok(at(clean, x, y) === at(page, x, y), `${x},${y}`)
  }
})

/** Lines of letters half as wide as usual. */
function condensed(page: Grey, bottom: number): void {
  for (let y = 60; y + 24 < bottom; y += 43) {
    for (let x = 60; x < 1140; x += 13) {
      frame(page, x, y, 9, 24)
    }
  }
}

test('condensed letters are not narrowed further', () => {
  const wishes = { textHeight: 22, narrowing: 0.9, gain: 1 }
  const many = { textHeight: 18, narrowing: 0.75 }
  const [narrow, usual] = [paperOf(1200, 1200), paperOf(1200, 1200)]
  condensed(narrow, 1140)
  write(usual, { left: 60, top: 60, right: 1140, bottom: 1140, letter: 24 })
  const ratioOf = (page: Grey): number => {
    const { factor } = planRendering(surveyOf(page), { ...wishes, many })
    return factor.x / factor.y
  }
  assert.ok(Math.abs(ratioOf(usual) - 0.75) < 0.01, `${ratioOf(usual)}`)
  assert.ok(ratioOf(narrow) > 0.95, `${ratioOf(narrow)}`)
})

/** Makes the edges of the ink soft, as a renderer does. */
function soften({ data }: Grey): void {
  for (let place = 1; place < data.length; place += 1)
    if (data[place] === 255 && data[place - 1] === 0) data[place] = 128
}

test('a rendered page of few letters keeps its scale, a scanned one does not', () => {
  const wishes = { textHeight: 22, narrowing: 0.9, keepsFew: [16, 40], gain: 1 } as const
  const page = paperOf(1200, 900)
  write(page, { left: 60, top: 60, right: 1140, bottom: 400, letter: 30 })
  assert.equal(surveyOf(page).isRendered, false, 'black and white')
  soften(page)
  assert.deepEqual(planRendering(surveyOf(page), wishes).factor, { x: 1, y: 1 })
  const scanned = {
    ...page,
    data: page.data.map((value, place) => value - (value && (place * 7) % 11)),
  }
  assert.ok(planRendering(surveyOf(scanned), wishes).factor.y < 0.8)
})
