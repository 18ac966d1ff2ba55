import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findComponents } from '../../../../../workers/ocr/prepare/letters/components.ts'
import { findGlyphs, textHeight } from '../../../../../workers/ocr/prepare/letters/glyphs.ts'
import { fill, paperOf, write, writtenPage, surveyOf } from '../drawn.ts'

for (const letter of [12, 20, 31, 48]) {
  test(`text with capitals of ${letter} pixels measures about that height`, () => {
    const { textHeight: height } = surveyOf(writtenPage(900, 1200, letter))
    assert.ok(Math.abs(height - letter) <= Math.max(1, 0.06 * letter), `${height}`)
  })
}

test('headlines and small print do not affect the letter height', () => {
  const page = writtenPage(900, 1200, 20)
  write(page, { left: 90, top: 20, right: 800, bottom: 100, letter: 60 })
  write(page, { left: 90, top: 1120, right: 800, bottom: 1135, letter: 10 })
  const { textHeight: height } = surveyOf(page)
  assert.ok(Math.abs(height - 20) <= 2, `${height}`)
})

test('large pages are measured at a smaller size, and heights are in their own pixels', () => {
  const { textHeight: height } = surveyOf(writtenPage(2600, 3400, 48))
  assert.ok(Math.abs(height - 48) <= 4, `${height}`)
})

test('specks, rules, bars and pictures are not letters', () => {
  const page = paperOf(800, 800)
  fill(page, 10, 10, 2, 3)
  fill(page, 10, 50, 700, 4)
  fill(page, 10, 80, 4, 500)
  fill(page, 100, 100, 60, 20)
  fill(page, 300, 300, 300, 300)
  assert.deepEqual(findGlyphs(findComponents(page, 128), 800, 1), [])
  fill(page, 50, 700, 20, 20)
  const [glyph, ...others] = findGlyphs(findComponents(page, 128), 800, 3)
  assert.deepEqual(glyph, { x0: 150, y0: 2100, x1: 210, y1: 2160 })
  assert.deepEqual(others, [])
})

test('almost no text gives no letter height', () => {
  const glyphs = Array.from({ length: 19 }, () => ({ x0: 0, y0: 0, x1: 10, y1: 10 }))
  assert.equal(textHeight(glyphs), 0)
  assert.equal(textHeight([...glyphs, { x0: 0, y0: 0, x1: 10, y1: 10 }]), 10)
  assert.equal(textHeight([]), 0)
})
