import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  estimateBackground,
  flatten,
} from '../../../../../workers/ocr/prepare/background/background.ts'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import { at, fill, paperOf, writtenPage } from '../drawn.ts'

/** Light falls off to the right and to the bottom: white becomes 250 to 137. */
function shade({ data, width, height }: Grey, faintest = 0): Grey {
  const shaded = data.map((value, index) => {
    const light = 1 - 0.3 * ((index % width) / width) - 0.15 * (Math.floor(index / width) / height)
    return Math.max(value, faintest) * light * 0.98
  })
  return { data: shaded, width, height }
}

const [width, height] = [600, 800]
const upright = writtenPage(width, height, 20)

function countMoved(found: Grey, isRight: (before: number, after: number) => boolean): number {
  return upright.data.reduce(
    (count, before, index) => count + (isRight(before, found.data[index] ?? 0) ? 0 : 1),
    0,
  )
}

test('the paper of a shaded page becomes white, and its ink stays dark', () => {
  const shaded = shade(upright)
  assert.ok(at(shaded, width - 1, height - 1) < 140, 'the paper is dark there')
  const flat = flatten(shaded, estimateBackground(shaded, 32), 1)
  const wrong = countMoved(flat, (before, after) => (before === 255 ? after > 230 : after < 40))
  assert.ok(wrong < 0.005 * flat.data.length, `${wrong} pixels are neither`)
})

test('faint ink becomes dark with a gain, and keeps its contrast without one', () => {
  const faint = shade(upright, 150)
  const background = estimateBackground(faint, 32)
  const darkestOf = ({ data }: Grey) => data.toSorted()[Math.floor(data.length * 0.02)] ?? 0
  const [plain, raised] = [flatten(faint, background, 1), flatten(faint, background, 4)]
  assert.ok(Math.abs(darkestOf(plain) - 150) < 12, `${darkestOf(plain)}`)
  assert.ok(Math.abs(darkestOf(raised) - 255 * 0.25) < 20, `${darkestOf(raised)}`)
  const wrong = countMoved(raised, (before, after) => before !== 255 || after > 190)
  assert.ok(wrong < 0.005 * raised.data.length, 'paper is not raised with it')
})

test('the grain of empty paper is not amplified to ink', () => {
  const grain = paperOf(width, height)
  for (let index = 0; index < grain.data.length; index += 1) {
    grain.data[index] = 215 + ((index * 7919) % 17)
  }
  const flat = flatten(grain, estimateBackground(grain, 32), 4)
  assert.ok(flat.data.every((value) => value > 225))
})

test('a headline that fills whole tiles is not mistaken for paper', () => {
  const page = paperOf(width, height)
  fill(page, 200, 300, 40, 200)
  const flat = flatten(page, estimateBackground(page, 32), 1)
  assert.equal(at(flat, 220, 400), 0)
})

test('a tile has a paper level, an ink level and a middle level', () => {
  const page = paperOf(96, 160, 200)
  fill(page, 0, 0, 96, 10, 20)
  const { columns, rows, side, paper, ink, middle } = estimateBackground(page, 32)
  assert.deepEqual([columns, rows, side], [3, 5, 32])
  assert.deepEqual([...paper], Array(15).fill(200))
  assert.deepEqual([...middle], Array(15).fill(200))
  const [top, foot] = [ink[0], ink[14]]
  assert.deepEqual([top, foot], [20, 200], 'ink is looked for round about')
})

test('black paper and pages smaller than a tile are flattened', () => {
  for (const page of [paperOf(100, 70, 0), paperOf(5, 3, 90), paperOf(1, 1)]) {
    const flat = flatten(page, estimateBackground(page, 32), 4)
    assert.equal(flat.data.length, page.data.length)
  }
  const small = paperOf(5, 3, 90)
  const { data } = flatten(small, estimateBackground(small, 32), 1)
  assert.ok(data.every((value) => value >= 254))
})
