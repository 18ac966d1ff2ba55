import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { decodePage, scaleGrey } from '../../../../workers/ocr/prepare/decode.ts'
import { preparePage } from '../../../../workers/ocr/prepare/prepare.ts'
import { openPixels } from '../../../helpers/pages/prepared.ts'
import { at, fill, paperOf } from './drawn.ts'

const greyOf = async (data: Buffer, page = 0) =>
  (await decodePage(await openPixels({ data, page }), 100)).grey

const near = (found: number, wanted: number, by = 6): void =>
  assert.ok(Math.abs(found - wanted) <= by, `${found} is not near ${wanted}`)

/** 32 x 16 pixels, white, with its upper left quarter black. */
function corner() {
  const page = paperOf(32, 16)
  fill(page, 0, 0, 16, 8)
  return sharp(page.data, { raw: { width: 32, height: 16, channels: 1 } })
}

test('a page keeps its size and its pixels', async () => {
  const grey = await greyOf(await corner().png().toBuffer())
  assert.deepEqual([grey.width, grey.height, grey.data.length], [32, 16, 512])
  const found = [at(grey, 0, 0), at(grey, 15, 7), at(grey, 16, 7), at(grey, 15, 8)]
  assert.deepEqual(found, [0, 0, 255, 255])
})

test('decoded pixels are used unchanged', async () => {
  const data = Buffer.from([0, 50, 100, 150, 200, 250])
  const opened = {
    kind: 'pixels',
    pixels: { data, raw: { width: 3, height: 2, channels: 1 } },
    width: 3,
    height: 2,
    dpi: null,
    orientation: 1,
  } as const
  assert.deepEqual([...(await decodePage(opened, 100)).grey.data], [...data])
})

const blackOf = (alpha: number) =>
  sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha } } })
    .png()
    .toBuffer()

test('half-transparent pixels are blended with white paper', async () => {
  near(at(await greyOf(await blackOf(0.5)), 1, 1), 127)
})

/** A white square in the middle of nothing. */
const whiteOnNothing = (channels: 2 | 4) => {
  const pixels = Buffer.alloc(8 * 8 * channels)
  for (let pixel = 0; pixel < 64; pixel += 1) {
    const isInside = pixel % 8 > 2 && pixel % 8 < 6 && pixel > 24 && pixel < 40
    pixels.fill(255, pixel * channels, (pixel + 1) * channels - 1)
    pixels[(pixel + 1) * channels - 1] = isInside ? 255 : 0
  }
  return pixels
}

test('white text on a transparent background becomes dark text on white paper', async () => {
  for (const channels of [2, 4] as const) {
    const raw = { width: 8, height: 8, channels }
    const pixels = whiteOnNothing(channels)
    const grey = await greyOf(await sharp(pixels, { raw }).png().toBuffer())
    assert.deepEqual([at(grey, 4, 4), at(grey, 0, 0)], [0, 255])
    const opened = { width: 8, height: 8, dpi: null, orientation: 1, kind: 'pixels' } as const
    const decoded = await decodePage({ ...opened, pixels: { data: pixels, raw } }, 100)
    assert.deepEqual([...decoded.grey.data], [...grey.data])
  }
})

test('a fully transparent page and a white page are white paper', async () => {
  assert.ok((await greyOf(await blackOf(0))).data.every((value) => value === 255))
  const white = sharp({ create: { width: 4, height: 4, channels: 3, background: 'white' } })
  assert.ok((await greyOf(await white.png().toBuffer())).data.every((value) => value === 255))
})

/** A grey page of 16 bits, its left half at `left` of 65535. */
function deep(left: number, right: number): Promise<Buffer> {
  const values = Uint16Array.from({ length: 64 }, (_, index) => (index % 8 < 4 ? left : right))
  return sharp(values, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer()
}

test('16 bits per pixel become 8, and light and dark are kept', async () => {
  const bytes = await deep(0x2000, 0xc000)
  assert.equal((await sharp(bytes).metadata()).depth, 'ushort')
  const grey = await greyOf(bytes)
  near(at(grey, 1, 1), 0x20)
  near(at(grey, 6, 1), 0xc0)
})

test('16 bits per pixel with transparency are blended with white paper', async () => {
  const values = new Uint16Array(8 * 8 * 4) // Black, and fully transparent.
  const bytes = await sharp(values, { raw: { width: 8, height: 8, channels: 4 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  assert.equal((await sharp(bytes).metadata()).depth, 'ushort')
  near(at(await greyOf(bytes), 3, 3), 255, 1)
})

const cmyk = (background: string) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background } })
    .toColourspace('cmyk')
    .jpeg()
    .toBuffer()

test('CMYK becomes grey: ink is dark, paper is light', async () => {
  const paper = await cmyk('white')
  assert.equal((await sharp(paper).metadata()).space, 'cmyk')
  near(at(await greyOf(paper), 8, 8), 255, 8)
  assert.ok(at(await greyOf(await cmyk('black')), 8, 8) < 70)
})

test('one bit per pixel becomes black and white', async () => {
  const bytes = await corner()
    .toColourspace('b-w')
    .tiff({ bitdepth: 1, compression: 'ccittfax4' })
    .toBuffer()
  const grey = await greyOf(bytes)
  assert.deepEqual([at(grey, 2, 2), at(grey, 29, 2), at(grey, 2, 13)], [0, 255, 255])
})

test('a palette becomes grey', async () => {
  const grey = await greyOf(await corner().png({ palette: true }).toBuffer())
  near(at(grey, 2, 2), 0)
  near(at(grey, 29, 2), 255)
})

const wishes = { textHeight: 24, narrowing: 1, gain: 1 }

test('a truncated page is rejected, and the message follows its name', async () => {
  const noise = Buffer.from(Uint8Array.from({ length: 90_000 }, (_, index) => (index * 7919) >> 3))
  const bytes = await sharp(noise, { raw: { width: 300, height: 300, channels: 1 } })
    .jpeg()
    .toBuffer()
  const page = await openPixels({ data: bytes.subarray(0, bytes.length / 2) })
  const failure = { code: 'corrupt_image', message: /^is damaged or truncated \(/ }
  await assert.rejects(preparePage(page, 100, wishes), failure)
})

test('images above the pixel limit are not decoded', async () => {
  const page = await openPixels({ data: await corner().png().toBuffer() })
  await assert.rejects(preparePage(page, 0.0001, wishes), { code: 'corrupt_image' })
})

test('an image is scaled separately in x and y, and stays unchanged at 1', async () => {
  const page = paperOf(40, 20)
  fill(page, 0, 0, 20, 20)
  assert.equal(await scaleGrey(page, 1, 1), page)
  const scaled = await scaleGrey(page, 0.5, 2)
  assert.deepEqual([scaled.width, scaled.height, scaled.data.length], [20, 40, 800])
  near(at(scaled, 4, 20), 0)
  near(at(scaled, 15, 20), 255)
  const least = await scaleGrey(page, 0.001, 0.001)
  assert.deepEqual([least.width, least.height], [1, 1])
})
