import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Sharp } from 'sharp'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'

/** Prepares an image and takes its PGM apart. */
async function prepare(bytes: Buffer, page = 1) {
  const { pgm, width, height, label } = await preparePage(bytes, page, 'a.png#1', 100)
  const header = `P5\n${width} ${height}\n255\n`
  assert.equal(pgm.subarray(0, header.length).toString(), header)
  const pixels = pgm.subarray(header.length)
  assert.equal(pixels.length, width * height, 'one byte a pixel')
  return { width, height, label, at: (x: number, y: number) => pixels[y * width + x] ?? -1 }
}

const near = (found: number, wanted: number, by = 6): void =>
  assert.ok(Math.abs(found - wanted) <= by, `${found} is not near ${wanted}`)

/** 32 x 16 pixels, white, with its upper left quarter black. */
function corner() {
  const data = Uint8Array.from({ length: 32 * 16 }, (_, index) =>
    index % 32 < 16 && index < 32 * 8 ? 0 : 255,
  )
  return sharp(data, { raw: { width: 32, height: 16, channels: 1 } })
}

test('a page keeps its size, its label and its pixels', async () => {
  const { width, height, label, at } = await prepare(await corner().png().toBuffer())
  assert.deepEqual([width, height, label], [32, 16, 'a.png#1'])
  assert.deepEqual([at(0, 0), at(15, 7), at(16, 7), at(15, 8)], [0, 0, 255, 255])
})

/** What each orientation does to the stored pixels is undone by this transformation of the upright page. */
const stored: Record<number, (image: Sharp) => Sharp> = {
  1: (image) => image,
  2: (image) => image.flop(),
  3: (image) => image.rotate(180),
  4: (image) => image.flip(),
  5: (image) => image.flip().rotate(90),
  6: (image) => image.rotate(270),
  7: (image) => image.flip().rotate(270),
  8: (image) => image.rotate(90),
}

for (const [orientation, transform] of Object.entries(stored)) {
  test(`EXIF orientation ${orientation} comes out upright`, async () => {
    const upright = await corner().png().toBuffer()
    const turned = await transform(sharp(upright)).png().toBuffer()
    const bytes = await sharp(turned)
      .withMetadata({ orientation: Number(orientation) })
      .jpeg()
      .toBuffer()
    const { width, height, at } = await prepare(bytes)
    assert.deepEqual([width, height], [32, 16])
    const corners = [at(2, 2), at(29, 2), at(2, 13), at(29, 13)]
    assert.deepEqual(
      corners.map((value) => (value < 128 ? 'black' : 'white')),
      ['black', 'white', 'white', 'white'],
    )
  })
}

test('what is transparent lies on white paper', async () => {
  const half = { r: 0, g: 0, b: 0, alpha: 0.5 }
  const none = { r: 0, g: 0, b: 0, alpha: 0 }
  const of = (background: typeof half) =>
    sharp({ create: { width: 4, height: 4, channels: 4, background } })
      .png()
      .toBuffer()
  near((await prepare(await of(half))).at(1, 1), 127)
  assert.equal((await prepare(await of(none))).at(1, 1), 255)
})

/** A grey page of 16 bits, its left half at `left` of 65535. */
function deep(left: number, right: number): Promise<Buffer> {
  const values = Uint16Array.from({ length: 64 }, (_, index) => (index % 8 < 4 ? left : right))
  return sharp(values, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer()
}

test('16 bits a pixel become 8, light stays light and dark dark', async () => {
  const bytes = await deep(0x2000, 0xc000)
  assert.equal((await sharp(bytes).metadata()).depth, 'ushort')
  const { at } = await prepare(bytes)
  near(at(1, 1), 0x20)
  near(at(6, 1), 0xc0)
})

test('16 bits a pixel with transparency lie on white paper too', async () => {
  const values = new Uint16Array(8 * 8 * 4) // Black, and fully transparent.
  const bytes = await sharp(values, { raw: { width: 8, height: 8, channels: 4 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  assert.equal((await sharp(bytes).metadata()).depth, 'ushort')
  near((await prepare(bytes)).at(3, 3), 255, 1)
})

const cmyk = (background: string) =>
  sharp({ create: { width: 16, height: 16, channels: 3, background } })
    .toColourspace('cmyk')
    .jpeg()
    .toBuffer()

test('CMYK becomes grey: ink is dark, paper is light', async () => {
  const paper = await cmyk('white')
  assert.equal((await sharp(paper).metadata()).space, 'cmyk')
  near((await prepare(paper)).at(8, 8), 255, 8)
  assert.ok((await prepare(await cmyk('black'))).at(8, 8) < 70)
})

test('one bit a pixel becomes black and white', async () => {
  const bytes = await corner()
    .toColourspace('b-w')
    .tiff({ bitdepth: 1, compression: 'ccittfax4' })
    .toBuffer()
  const { at } = await prepare(bytes)
  assert.deepEqual([at(2, 2), at(29, 2), at(2, 13)], [0, 255, 255])
})

test('a palette becomes grey', async () => {
  const { at } = await prepare(await corner().gif().toBuffer())
  near(at(2, 2), 0)
  near(at(29, 2), 255)
})

test('more pixels than are allowed are not decoded', async () => {
  const bytes = await corner().png().toBuffer()
  await assert.rejects(preparePage(bytes, 1, 'a.png#1', 0.0001), { code: 'too_large' })
})
