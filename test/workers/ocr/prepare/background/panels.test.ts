import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import { turn } from '../../../../../workers/ocr/prepare/turn.ts'
import { at, fill, paperOf, write, writtenPage, surveyOf } from '../drawn.ts'

const pixelsThatDiffer = (a: Grey, b: Grey): number =>
  a.data.reduce((count, value, index) => count + (value === b.data[index] ? 0 : 1), 0)

const inverse = (image: Grey): Grey => ({ ...image, data: image.data.map((value) => 255 - value) })

const sheet = { left: 90, top: 120, right: 810, bottom: 1080, letter: 22 }

test('a page without dark parts is not copied', () => {
  const page = writtenPage(900, 1200, 22)
  assert.ok(surveyOf(page).page === page)
})

test('a light-on-dark page is inverted', () => {
  const page = writtenPage(896, 1184, 22)
  assert.equal(pixelsThatDiffer(surveyOf(inverse(page)).page, page), 0)
})

test('a light-on-dark page with partial tiles is inverted to its edges', () => {
  for (const [width, height] of [
    [901, 1203],
    [2561, 3073],
  ] as const) {
    const page = writtenPage(width, height, 28)
    assert.equal(pixelsThatDiffer(surveyOf(inverse(page)).page, page), 0, `${width} x ${height}`)
  }
})

test('a light-on-dark page is inverted where a letter fills whole tiles, too', () => {
  const page = writtenPage(896, 1184, 22)
  fill(page, 320, 1088, 64, 32)
  assert.equal(pixelsThatDiffer(surveyOf(inverse(page)).page, page), 0)
})

test('a light box with dark text in a dark panel is not inverted', () => {
  const page = paperOf(900, 1200, 20)
  write(page, { ...sheet, bottom: 500, ink: 240 })
  fill(page, 200, 600, 500, 400, 240)
  write(page, { left: 230, top: 630, right: 670, bottom: 970, letter: 22, ink: 20 })
  const { page: painted } = surveyOf(page)
  assert.deepEqual([at(painted, 91, 125), at(painted, 231, 635)], [15, 20])
})

test('a dark panel with light text is inverted, and its surroundings stay unchanged', () => {
  const page = paperOf(900, 1200)
  write(page, { ...sheet, bottom: 500 })
  fill(page, 96, 608, 704, 480, 20)
  write(page, { left: 130, top: 640, right: 780, bottom: 1060, letter: 22, ink: 240 })
  const { page: painted, textHeight } = surveyOf(page)
  assert.deepEqual([at(painted, 110, 620), at(painted, 131, 650)], [235, 15])
  for (let y = 0; y < 576; y += 1) {
    for (let x = 0; x < 900; x += 1) assert.ok(at(painted, x, y) === at(page, x, y), `${x},${y}`)
  }
  assert.ok(Math.abs(textHeight - 22) <= 2, `${textHeight}`)
})

test('a black border becomes white paper', () => {
  const page = paperOf(1200, 1500, 0)
  fill(page, 192, 192, 800, 1100, 230)
  write(page, { left: 260, top: 260, right: 920, bottom: 1220, letter: 22 })
  const { page: painted, content, textHeight } = surveyOf(page)
  for (const [x, y] of [
    [5, 5],
    [1195, 700],
    [600, 1495],
    [100, 800],
  ] as const) {
    assert.equal(at(painted, x, y), 230, `${x},${y}`)
  }
  assert.equal(at(painted, 261, 270), 0, 'its writing is still there')
  assert.ok(content.x0 > 150 && content.x1 < 1030, JSON.stringify(content))
  assert.ok(Math.abs(textHeight - 22) <= 2)
})

test('a light-on-dark page on its side is inverted', () => {
  const page = turn(writtenPage(896, 1184, 22), { isMirrored: false, rotation: 90 })
  assert.equal(pixelsThatDiffer(surveyOf(inverse(page)).page, page), 0)
})

test('bold headlines, rules and stamps are not panels', () => {
  const page = paperOf(900, 1200)
  write(page, { left: 60, top: 60, right: 860, bottom: 250, letter: 160 })
  fill(page, 60, 290, 780, 40)
  fill(page, 700, 380, 120, 120)
  write(page, { ...sheet, top: 520 })
  assert.ok(surveyOf(page).page === page)
})

test('an all-black page becomes blank paper', () => {
  const { page, isBlank, textHeight } = surveyOf(paperOf(600, 600, 0))
  assert.deepEqual([isBlank, textHeight, at(page, 300, 300)], [true, 0, 255])
})

test('the dark head of a table is inverted, a bar without writing stays', () => {
  const page = paperOf(900, 1200)
  write(page, { ...sheet, top: 300, bottom: 900 })
  fill(page, 100, 205, 700, 42, 60)
  write(page, { left: 130, top: 215, right: 760, bottom: 237, letter: 22, ink: 255 })
  fill(page, 100, 1000, 700, 42, 60)
  const { page: painted } = surveyOf(page)
  assert.deepEqual([at(painted, 110, 226), at(painted, 131, 220)], [255, 0])
  assert.equal(at(painted, 500, 195), 255, 'above the head')
  assert.equal(at(painted, 400, 1020), 60, 'the bar')
})
