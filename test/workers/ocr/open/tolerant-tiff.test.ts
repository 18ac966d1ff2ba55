import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import {
  checkLevels,
  grey,
  height,
  makeOpening,
  pixels,
  width,
} from '../../../helpers/pages/opened.ts'
import { tiffOf, type TiffPageSource } from '../../../helpers/pages/tiff-file.ts'

const openAll = makeOpening({ after })

const eights = (count: number): number[] => Array.from({ length: count }, () => 8)
const size = { 256: width, 257: height, 259: 1, 278: height }
const one = (fields: TiffPageSource['fields'], ...strips: Buffer[]): Buffer =>
  tiffOf([{ fields: { ...size, ...fields }, strips }])

const halfGrey = Buffer.alloc((width * height) / 4, 128)
const middle = Buffer.alloc(width * height, 128)
const five = pixels(5, (level, channel) => (channel < 3 ? level : 77))
/** Each sample minus that of the previous pixel, per row. */
const differences = Buffer.from(
  five.map((value, at) => (at % (5 * width) < 5 ? value : value - (five[at - 5] ?? 0))),
)
const jpegStrip = (top: number): Promise<Buffer> =>
  sharp(grey, { raw: { width, height, channels: 1 } })
    .extract({ left: 0, top, width, height: 16 })
    .toColourspace('srgb')
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer()

const variants: Record<string, Buffer> = {
  'grey without photometric': one({ 258: 8, 277: 1 }, grey),
  'RGB without photometric': one(
    { 258: eights(3), 277: 3 },
    pixels(3, (level) => level),
  ),
  'five channels': one({ 258: eights(5), 262: 2, 277: 5, 338: [0, 0] }, five),
  'five channels, deflated with a predictor': one(
    { 258: eights(5), 259: 8, 262: 2, 277: 5, 317: 2, 338: [0, 0] },
    deflateSync(differences),
  ),
  'an unknown fourth channel of zeros': one(
    { 258: eights(4), 262: 2, 277: 4, 338: 0 },
    pixels(4, (level, channel) => (channel < 3 ? level : 0)),
  ),
  'CMYK and a spot colour': one(
    { 258: eights(5), 262: 5, 277: 5 },
    pixels(5, (level, channel) => (channel === 3 ? 255 - level : 0)),
  ),
  'five planes': one({ 258: eights(5), 262: 2, 277: 5, 284: 2 }, grey, grey, grey, middle, middle),
  'planar YCbCr': one(
    { 258: eights(3), 262: 6, 277: 3, 284: 2, 530: [1, 1] },
    grey,
    middle,
    middle,
  ),
  'planar YCbCr, colours halved': one(
    { 258: eights(3), 262: 6, 277: 3, 284: 2, 530: [2, 2] },
    grey,
    halfGrey,
    halfGrey,
  ),
  'YCbCr without JPEG': one(
    { 258: eights(3), 262: 6, 277: 3, 530: [1, 1] },
    pixels(3, (level, channel) => (channel === 0 ? level : 128)),
  ),
  'old-style JPEG in two strips': tiffOf([
    {
      fields: { ...size, 258: eights(3), 259: 6, 262: 6, 277: 3, 278: 16, 512: 1, 530: [1, 1] },
      strips: [await jpegStrip(0), await jpegStrip(16)],
    },
  ]),
}

test('TIFF files of careless programs give the page that they contain', async (t) => {
  for (const [name, bytes] of Object.entries(variants)) {
    await t.test(name, async () => {
      const [page, ...more] = await openAll(bytes)
      assert.ok(page)
      assert.equal(more.length, 0)
      checkLevels(page.levels, name.includes('JPEG') ? 12 : 0)
    })
  }
})

/** A page of one level. */
const plain = (level: number, [across, down]: [number, number], kind?: number): TiffPageSource => ({
  fields: {
    ...(kind !== undefined && { 254: kind }),
    256: across,
    257: down,
    258: 8,
    259: 1,
    262: 1,
    277: 1,
    278: down,
  },
  strips: [Buffer.alloc(across * down, level)],
})
const levelsOf = async (...pages: TiffPageSource[]): Promise<(number | undefined)[]> =>
  (await openAll(tiffOf(pages))).map(({ levels }) => levels[0])

test('copies in a lower resolution and masks are no pages, wherever they stand', async () => {
  const pyramid = [plain(10, [64, 32], 0), plain(20, [32, 16], 1), plain(30, [16, 8], 1)]
  assert.deepEqual(await levelsOf(...pyramid), [10])
  assert.deepEqual(await levelsOf(plain(20, [32, 16], 1), plain(10, [64, 32])), [10])
  const two = [...pyramid, plain(40, [60, 80], 2), plain(50, [30, 40], 1)]
  assert.deepEqual(await levelsOf(...two), [10, 40])
  assert.deepEqual(await levelsOf(plain(10, [64, 32]), plain(60, [64, 32], 4)), [10])
})

test('a page that is only marked as a copy is a page', async () => {
  assert.deepEqual(await levelsOf(plain(10, [64, 32], 1), plain(20, [64, 32], 1)), [10, 20])
  assert.deepEqual(await levelsOf(plain(10, [64, 32]), plain(20, [40, 80], 1)), [10, 20])
})
