import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  findComponents,
  type Components,
} from '../../../../../workers/ocr/prepare/letters/components.ts'
import type { Grey } from '../../../../../workers/ocr/prepare/grey.ts'
import { fill, paperOf } from '../drawn.ts'

/** Ink is `#`. */
function drawn(...rows: string[]) {
  const width = rows[0]?.length ?? 0
  const data = Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 0 : 255))
  return { data, width, height: rows.length }
}

const boxesOf = ({ count, x0, y0, x1, y1, area }: Components) =>
  Array.from({ length: count }, (_, at) => [x0[at], y0[at], x1[at], y1[at], area[at]])

test('components have boxes and pixel counts, in the order of their first row', () => {
  const image = drawn('##....', '#...#.', '....##')
  assert.deepEqual(boxesOf(findComponents(image, 128)), [
    [0, 0, 2, 2, 3],
    [4, 1, 6, 3, 3],
  ])
})

test('ink that touches at a corner is one component, in both directions', () => {
  assert.deepEqual(boxesOf(findComponents(drawn('#..', '.#.', '#..'), 128)), [[0, 0, 2, 3, 3]])
})

test('arms that meet only at the foot are one component', () => {
  const image = drawn('#.#.#', '#.#.#', '#####', '.....', '#...#', '.###.')
  assert.deepEqual(boxesOf(findComponents(image, 128)), [
    [0, 0, 5, 3, 11],
    [0, 4, 5, 6, 5],
  ])
})

test('a spiral is one component, and ink inside it another', () => {
  const image = drawn('#######', '#.....#', '#.###.#', '#.#...#', '#.#####', '#......')
  assert.equal(findComponents(image, 128).count, 1)
  const inner = drawn('#####', '#...#', '#.#.#', '#...#', '#####')
  assert.deepEqual(boxesOf(findComponents(inner, 128))[1], [2, 2, 3, 3, 1])
})

test('the end of a row does not touch the start of the next', () => {
  assert.equal(findComponents(drawn('...#', '#...'), 128).count, 2)
})

test('only pixels darker than the threshold are ink', () => {
  const page = paperOf(4, 1, 100)
  assert.equal(findComponents(page, 100).count, 0)
  assert.equal(findComponents(page, 101).count, 1)
})

/** Fills ink from pixel to pixel, the slow and obvious way. */
function countSlowly({ data, width, height }: Grey): number {
  const seen = new Set<number>()
  let count = 0
  for (let start = 0; start < data.length; start += 1) {
    if (data[start] !== 0 || seen.has(start)) continue
    count += 1
    const stack = [start]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)]
      if (seen.has(at) || data[at] !== 0) continue
      seen.add(at)
      for (const [dx, dy] of [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b] as const))) {
        const [nx, ny] = [x + dx, y + dy]
        if (nx >= 0 && ny >= 0 && nx < width && ny < height) stack.push(ny * width + nx)
      }
    }
  }
  return count
}

test('in noise the result equals that of a flood fill', () => {
  let state = 7
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  for (const share of [0.1, 0.3, 0.45, 0.6]) {
    const image = paperOf(61, 47)
    image.data.forEach((_, at) => (image.data[at] = next() < share ? 0 : 255))
    const found = findComponents(image, 128)
    assert.equal(found.count, countSlowly(image), `${share}`)
    const ink = image.data.filter((value) => value === 0).length
    assert.equal(
      found.area.reduce((sum, area) => sum + area, 0),
      ink,
    )
  }
})

test('the run buffer grows, and rows below the limit are ignored', () => {
  const image = paperOf(400, 300)
  image.data.forEach((_, at) => (image.data[at] = at % 2 === 0 && (at / 400) % 2 < 1 ? 0 : 255))
  assert.equal(findComponents(image, 128).count, 200 * 150)
  assert.ok(findComponents(image, 128, 1_000).count < 1_401)
})

test('blank paper has no components, and a black page has one', () => {
  assert.equal(findComponents(paperOf(50, 40), 128).count, 0)
  const black = paperOf(50, 40)
  fill(black, 0, 0, 50, 40)
  assert.deepEqual(boxesOf(findComponents(black, 128)), [[0, 0, 50, 40, 2000]])
})
