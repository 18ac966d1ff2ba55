import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import type { ExifOrientation } from '../../../../workers/ocr/open/opened.ts'
import { decodePage } from '../../../../workers/ocr/prepare/decode.ts'
import { placeBeforeTurn, turn, turnOf, turnOn } from '../../../../workers/ocr/prepare/turn.ts'
import { openPixels } from '../../../helpers/pages/prepared.ts'
import { at } from './drawn.ts'

/** No two pixels alike, so that nothing can be turned or shifted unseen. */
const [width, height] = [15, 17]
const image = {
  data: Uint8Array.from({ length: width * height }, (_, index) => index),
  width,
  height,
}

const rotations = [0, 90, 180, 270] as const
const turns = [false, true].flatMap((isMirrored) =>
  rotations.map((rotation) => ({ isMirrored, rotation })),
)

/** Stored pixels of each EXIF orientation, made from the upright page. */
const stored: Record<ExifOrientation, (image: Sharp) => Sharp> = {
  1: (upright) => upright,
  2: (upright) => upright.flop(),
  3: (upright) => upright.rotate(180),
  4: (upright) => upright.flip(),
  5: (upright) => upright.flip().rotate(90),
  6: (upright) => upright.rotate(270),
  7: (upright) => upright.flip().rotate(270),
  8: (upright) => upright.rotate(90),
}

const toPng = (from: Sharp) => from.toColourspace('b-w').png().toBuffer()

for (const [name, transform] of Object.entries(stored)) {
  test(`EXIF orientation ${name} gives an upright page whose places map back to the stored pixels`, async () => {
    const upright = await toPng(sharp(image.data, { raw: { width, height, channels: 1 } }))
    const turned = await toPng(transform(sharp(upright)))
    const before = (await decodePage(await openPixels({ data: turned }), 100)).grey
    const data = await sharp(turned)
      .withMetadata({ orientation: Number(name) })
      .png()
      .toBuffer()
    const opened = await openPixels({ data })
    assert.equal(opened.orientation, Number(name))
    const { grey, size, turn: how } = await decodePage(opened, 100)
    assert.deepEqual([grey.width, grey.height], [width, height])
    assert.deepEqual([...grey.data], [...image.data])
    assert.deepEqual(size, { width: before.width, height: before.height })
    for (const [x, y] of [
      [0, 0],
      [width - 1, 0],
      [3, 11],
      [width - 1, height - 1],
    ] as const) {
      const place = placeBeforeTurn(how, size, { x: x + 0.5, y: y + 0.5 })
      assert.equal(
        at(before, Math.floor(place.x), Math.floor(place.y)),
        at(image, x, y),
        `${x},${y}`,
      )
    }
  })
}

for (const how of turns) {
  const name = `${how.isMirrored ? 'mirrored and ' : ''}turned by ${how.rotation}`
  test(`every pixel of an image ${name} maps back to its place`, () => {
    const turned = turn(image, how)
    for (let y = 0; y < turned.height; y += 1) {
      for (let x = 0; x < turned.width; x += 1) {
        const before = placeBeforeTurn(how, image, { x: x + 0.5, y: y + 0.5 })
        assert.equal(at(turned, x, y), at(image, Math.floor(before.x), Math.floor(before.y)))
      }
    }
    const sorted = (data: Uint8Array) => [...data].toSorted((a, b) => a - b)
    assert.deepEqual(sorted(turned.data), sorted(image.data), 'no pixel is lost')
  })
}

test('a page larger than one block is turned as a whole', () => {
  const page = { data: new Uint8Array(200 * 150), width: 200, height: 150 }
  page.data.forEach((_, index) => {
    page.data[index] = (index * 31 + (index >> 8)) & 255
  })
  for (const how of turns) {
    const turned = turn(page, how)
    for (let y = 0; y < turned.height; y += 1) {
      for (let x = 0; x < turned.width; x += 1) {
        const before = placeBeforeTurn(how, page, { x: x + 0.5, y: y + 0.5 })
        assert.ok(at(turned, x, y) === at(page, Math.floor(before.x), Math.floor(before.y)))
      }
    }
  }
})

test('the corners of a turned image map to the corners of the original', () => {
  const turned = turn(image, { isMirrored: false, rotation: 90 })
  assert.deepEqual([turned.width, turned.height], [height, width])
  assert.equal(at(turned, height - 1, 0), at(image, 0, 0), 'the top left comes to the top right')
  const place = placeBeforeTurn({ isMirrored: false, rotation: 90 }, image, { x: height, y: 0 })
  assert.deepEqual(place, { x: 0, y: 0 })
})

test('an upright image is not copied', () => {
  assert.equal(turn(image, { isMirrored: false, rotation: 0 }), image)
})

test('two turns in sequence equal their composition', () => {
  for (const first of turns) {
    for (const second of turns) {
      const stepwise = turn(turn(image, first), second)
      const both = turn(image, turnOn(first, second))
      assert.deepEqual(stepwise, both, JSON.stringify([first, second]))
    }
  }
})

test('the eight orientations are eight different turns', () => {
  const made = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map((each) => JSON.stringify(turnOf(each)))
  assert.equal(new Set(made).size, 8)
})

test('an image of one pixel, one row or one column can be turned', () => {
  for (const [wide, high] of [
    [1, 1],
    [1, 5],
    [5, 1],
  ] as const) {
    const data = Uint8Array.from({ length: wide * high }, (_, index) => index + 1)
    const turned = turn({ data, width: wide, height: high }, { isMirrored: false, rotation: 180 })
    assert.deepEqual([...turned.data], [...data].toReversed())
  }
})
