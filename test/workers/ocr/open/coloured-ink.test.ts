import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { decodeGrey } from '../../../../workers/ocr/open/raster/decode-grey.ts'

type Rgb = readonly [red: number, green: number, blue: number]

const [width, height] = [480, 480]

/** A page of bars, 6 x 30 pixels, 20 apart, in the middle of a field of 384 x 384 on white. */
function barsOn(paper: Rgb, ink: Rgb, field: Rgb = [255, 255, 255]): Buffer {
  const pixels = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isInside = Math.min(x, y) >= 48 && Math.max(x, y) < 432
      const isBar = x % 20 < 6 && y % 48 < 30 && Math.min(x, y) >= 96 && Math.max(x, y) < 384
      pixels.set(isInside ? (isBar ? ink : paper) : field, 3 * (y * width + x))
    }
  }
  return pixels
}

const decode = async (data: Buffer) =>
  (await decodeGrey({ data, raw: { width, height, channels: 3 } }, 100)).data
const plainGrey = (data: Buffer): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .greyscale()
    .raw()
    .toBuffer()

const [bar, gap, margin] = [100 * width + 102, 100 * width + 110, 10 * width + 10]

test('ink of the same grey as its paper becomes dark, and its paper stays', async () => {
  for (const [paper, ink] of [
    [
      [40, 140, 140],
      [230, 60, 60],
    ],
    [
      [190, 190, 255],
      [205, 205, 120],
    ],
    [
      [70, 60, 20],
      [20, 70, 20],
    ],
  ] as const) {
    const page = barsOn(paper, ink)
    const [before, after] = [await plainGrey(page), await decode(page)]
    const paperGrey = before[gap] ?? 0
    assert.ok(Math.abs((before[bar] ?? 0) - paperGrey) < 26, 'the ink is hidden')
    assert.ok((after[bar] ?? 0) < 0.5 * paperGrey, `${after[bar]} on ${paperGrey}`)
    assert.equal(after[gap], paperGrey)
    assert.equal(after[margin], 255)
  }
})

test('ink that its grey shows stays as it is, to the pixel', async () => {
  for (const [paper, ink] of [
    [
      [255, 255, 255],
      [200, 30, 30],
    ],
    [
      [205, 220, 240],
      [120, 150, 205],
    ],
    [
      [40, 140, 140],
      [250, 250, 240],
    ],
    [
      [238, 230, 200],
      [20, 20, 20],
    ],
  ] as const) {
    const page = barsOn(paper, ink)
    assert.deepEqual(Buffer.from(await decode(page)), await plainGrey(page))
  }
})

test('stains that fade into the paper, and the border of a coloured field, stay as they are', async () => {
  const stain = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at += 1) {
    const blue = 200 - 100 * Math.sin(((at % width) / 160) * Math.PI) ** 2
    stain.set([220, 210, blue], 3 * at)
  }
  const field = barsOn([70, 150, 150], [70, 150, 150], [205, 110, 110])
  for (const page of [stain, field]) {
    const [before, after] = [await plainGrey(page), await decode(page)]
    const changed = after.filter((value, at) => value !== before[at]).length
    assert.ok(changed < 0.02 * after.length, `${changed} pixels`)
  }
})
