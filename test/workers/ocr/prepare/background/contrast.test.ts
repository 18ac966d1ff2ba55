import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, fill, paperOf, surveyOf, write, type Writing } from '../drawn.ts'

const sheet: Writing = { left: 90, top: 120, right: 810, bottom: 700, letter: 22 }

for (const [paper, ink] of [
  [255, 248],
  [255, 230],
  [200, 185],
  [80, 20],
  [36, 18],
  [15, 1],
] as const) {
  test(`ink of ${ink} on paper of ${paper} is found`, () => {
    const page = paperOf(900, 1200, paper)
    write(page, { ...sheet, ink })
    const { hasLines, isBlank, textHeight, page: seen } = surveyOf(page)
    assert.deepEqual([hasLines, isBlank], [true, false])
    assert.ok(Math.abs(textHeight - 22) <= 2, `${textHeight}`)
    assert.ok(at(seen, 91, 130) < 0.8 * at(seen, 850, 1150), 'its ink is darker than its paper')
  })
}

test('grain of the same depth as faint ink is none', () => {
  const page = paperOf(900, 1200)
  page.data.forEach((_, index) => (page.data[index] = 240 - ((index * 7919) % 13)))
  const { isBlank, hasLines } = surveyOf(page)
  assert.deepEqual([isBlank, hasLines], [true, false])
})

for (const [paper, ink] of [
  [0, 255],
  [150, 255],
  [40, 200],
] as const) {
  test(`a box of ${paper} with two lines of ${ink} is inverted, with one as well`, () => {
    for (const bottom of [400, 350]) {
      const page = paperOf(900, 1200)
      write(page, { ...sheet, top: 600, bottom: 1100 })
      fill(page, 96, 288, 704, 160, paper)
      write(page, { left: 130, top: 320, right: 780, bottom, letter: 24, ink })
      const { page: seen } = surveyOf(page)
      assert.ok(at(seen, 131, 330) < at(seen, 300, 430), 'its letters are dark')
    }
  })
}

test('a grey box with dark letters stays', () => {
  const page = paperOf(900, 1200)
  fill(page, 96, 288, 704, 320, 150)
  write(page, { left: 130, top: 320, right: 780, bottom: 580, letter: 24 })
  assert.ok(surveyOf(page).page === page)
})

test('tinted boxes leave the dark print of a page as it is', () => {
  const page = paperOf(900, 1200)
  for (let y = 60; y < 1100; y += 90) {
    write(page, { left: 90, top: y, right: 170, bottom: y + 24, letter: 22 })
    fill(page, 90, y + 30, 720, 40, 238)
    write(page, { left: 100, top: y + 38, right: 180, bottom: y + 64, letter: 22 })
  }
  const { page: seen } = surveyOf(page)
  assert.equal(at(seen, 700, 110), 238, 'the box keeps its tint')
})
