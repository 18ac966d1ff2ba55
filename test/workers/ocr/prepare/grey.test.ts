import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cropGrey, shrink } from '../../../../workers/ocr/prepare/grey.ts'
import { at, paperOf } from './drawn.ts'

const [width, height] = [11, 8]
const image = {
  data: Uint8Array.from({ length: width * height }, (_, index) => (index * 37) % 256),
  width,
  height,
}

for (const factor of [2, 3, 5]) {
  test(`a page shrunk by ${factor} has the mean of each square, without partial squares`, () => {
    const small = shrink(image, factor)
    assert.deepEqual(
      [small.width, small.height],
      [Math.floor(width / factor), Math.floor(height / factor)],
    )
    for (let y = 0; y < small.height; y += 1) {
      for (let x = 0; x < small.width; x += 1) {
        let sum = 0
        for (let part = 0; part < factor * factor; part += 1) {
          sum += at(image, x * factor + (part % factor), y * factor + Math.floor(part / factor))
        }
        assert.equal(at(small, x, y), Math.floor(sum / factor ** 2), `${x},${y}`)
      }
    }
  })
}

test('without shrinking or cropping the same image is returned', () => {
  assert.equal(shrink(image, 1).data, image.data)
  assert.equal(cropGrey(image, { x: 0, y: 0, width, height }), image)
})

test('a crop has the pixels of its region', () => {
  const part = cropGrey(image, { x: 3, y: 2, width: 4, height: 5 })
  assert.deepEqual([part.width, part.height, part.data.length], [4, 5, 20])
  assert.deepEqual([at(part, 0, 0), at(part, 3, 4)], [at(image, 3, 2), at(image, 6, 6)])
})

test('a page thinner than a square shrinks to nothing', () => {
  assert.equal(shrink(paperOf(1, 900), 2).data.length, 0)
})
