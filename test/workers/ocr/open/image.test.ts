import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import type { OpenedPage } from '../../../../workers/ocr/open/opened.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { tiffOf } from '../../../helpers/pages/pages.ts'
import { writeBmp, writePnm } from '../../../helpers/pages/rasters.ts'

const wishes = { dpi: 0, pdfText: 'auto' } as const

function openers(t: TestContext, limits: { maxPages?: number; maxMegapixels?: number } = {}) {
  const made = createOpeners({
    maxPages: 10,
    maxMegapixels: 1,
    decodeMs: 20_000,
    decodeBytes: 512 * 2 ** 20,
    ...limits,
  })
  t.after(() => made.close())
  return {
    open: (bytes: Buffer) => made.open(bytes, undefined),
    pageOf: async (bytes: Buffer, number = 1): Promise<OpenedPage & { kind: 'pixels' }> => {
      const document = await made.open(bytes, undefined)
      const page = await document.page(number, wishes)
      await document.close()
      assert.ok(page.kind === 'pixels')
      return page
    },
  }
}

/** Grey levels of a page, in the order of its rows. */
async function levelsOf({ pixels }: OpenedPage & { kind: 'pixels' }): Promise<number[]> {
  const { data, raw, page = 0 } = pixels
  const image = raw === undefined ? sharp(data, { page }) : sharp(data, { raw })
  return [...(await image.flatten({ background: 'white' }).greyscale().raw().toBuffer())]
}

const width = 12
const height = 7
/** No two rows or columns alike, so that nothing can be turned or shifted unseen. */
const levels = Array.from({ length: width * height }, (_, index) => (index * 37) % 256)
const page = () =>
  sharp(Buffer.from(levels), { raw: { width, height, channels: 1 } }).toColourspace('b-w')
const inkOrPaper = levels.map((level) => (level < 128 ? 0 : 255))

test('the content determines the format', async (t) => {
  const { open } = openers(t)
  const files: [string, Buffer][] = [
    ['image/png', await page().png().toBuffer()],
    ['image/jpeg', await page().jpeg().toBuffer()],
    ['image/tiff', await page().tiff().toBuffer()],
    ['image/webp', await page().webp().toBuffer()],
    ['image/gif', await page().gif().toBuffer()],
    ['image/avif', await page().avif().toBuffer()],
  ]
  for (const [mediaType, bytes] of files) {
    const { pagesTotal, mediaType: told } = await open(bytes)
    assert.deepEqual({ told, pagesTotal }, { told: mediaType, pagesTotal: 1 })
  }
})

test('a page has its size, resolution and orientation', async (t) => {
  const { pageOf } = openers(t)
  const turned = page().withMetadata({ orientation: 6, density: 200 })
  const {
    width: wide,
    height: high,
    dpi,
    orientation,
  } = await pageOf(await turned.jpeg().toBuffer())
  assert.deepEqual([wide, high, dpi, orientation], [width, height, 200, 6])
})

test('an implausible resolution, of at most 72 or above all scanners, is ignored', async (t) => {
  const { pageOf } = openers(t)
  for (const density of [1, 72, 30_000]) {
    const bytes = await page().withMetadata({ density }).jpeg().toBuffer()
    assert.equal((await pageOf(bytes)).dpi, null, `${density}`)
  }
})

test('an image with too many pixels is rejected before it is decoded, and the error names the limit', async (t) => {
  const { pageOf } = openers(t, { maxMegapixels: 0.00005 })
  const bmp = writeBmp({ width, height, levels, depth: 24 })
  for (const bytes of [await page().png().toBuffer(), bmp]) {
    await assert.rejects(pageOf(bytes), {
      code: 'too_many_pixels',
      message: `has ${width} x ${height} pixels, more than 0.00005 megapixels (where pages are read: SCRIPTORIUM_MAX_MEGAPIXELS)`,
    })
  }
})

test('the pages of a TIFF are counted, and too many are rejected', async (t) => {
  const bytes = await tiffOf(['one', 'two', 'three'])
  assert.equal((await openers(t).open(bytes)).pagesTotal, 3)
  await assert.rejects(openers(t, { maxPages: 2 }).open(bytes), { code: 'too_many_pages' })
})

test('a TIFF with circular directories has each of its pages once', async (t) => {
  const bytes = await page().tiff({ compression: 'none' }).toBuffer()
  const at = bytes.readUInt32LE(4)
  bytes.writeUInt32LE(at, at + 2 + 12 * bytes.readUInt16LE(at))
  const { open, pageOf } = openers(t)
  assert.equal((await open(bytes)).pagesTotal, 1)
  assert.equal((await pageOf(bytes)).width, width)
})

test('a TIFF without a directory is rejected as no_pages', async (t) => {
  const nothing = Buffer.from('49492a0000000000', 'hex')
  await assert.rejects(openers(t).open(nothing), { code: 'no_pages' })
})

test('BMPs of every depth and row order are decoded exactly', async (t) => {
  const { pageOf } = openers(t)
  for (const isTopDown of [true, false]) {
    for (const depth of [1, 4, 8, 16, 24, 32] as const) {
      const found = await levelsOf(
        await pageOf(writeBmp({ width, height, levels, depth, isTopDown })),
      )
      const steps = depth === 1 ? 255 : depth === 4 ? 17 : depth === 16 ? 8.3 : 1
      const wanted = depth === 1 ? inkOrPaper : levels
      const worst = Math.max(...found.map((level, index) => Math.abs(level - (wanted[index] ?? 0))))
      assert.ok(depth === 1 ? worst === 0 : worst <= steps, `${depth} bits: off by ${worst}`)
    }
  }
})

test('PNMs of all six kinds are decoded exactly', async (t) => {
  const { pageOf } = openers(t)
  for (const kind of ['P1', 'P2', 'P3', 'P4', 'P5', 'P6'] as const) {
    const bytes = writePnm({ width, height, levels, kind })
    const isBitmap = kind === 'P1' || kind === 'P4'
    assert.deepEqual(await levelsOf(await pageOf(bytes)), isBitmap ? inkOrPaper : levels, kind)
  }
})

test('a 16-bit PNM is scaled to 8 bits', async (t) => {
  const header = Buffer.from('P5 2 1 65535\n')
  const bytes = Buffer.concat([header, Buffer.from([0xff, 0xff, 0x80, 0x00])])
  assert.deepEqual(await levelsOf(await openers(t).pageOf(bytes)), [255, 128])
})

test('a truncated or empty BMP or PNM is damaged', async (t) => {
  const { pageOf } = openers(t)
  const bmp = writeBmp({ width, height, levels, depth: 24 })
  const negative = Buffer.from(bmp)
  negative.writeInt32LE(-5, 18)
  const pnm = writePnm({ width, height, levels, kind: 'P5' })
  const plain = writePnm({ width, height, levels, kind: 'P2' })
  for (const bytes of [
    bmp.subarray(0, 80),
    bmp.subarray(0, 20),
    negative,
    pnm.subarray(0, 40),
    plain.subarray(0, 90),
  ]) {
    await assert.rejects(pageOf(bytes), { code: 'corrupt_image' })
  }
})

test('every unsupported type is rejected by name, with its cure', async (t) => {
  const { open } = openers(t)
  const zip = Buffer.from('504b0304140000000000', 'hex')
  const heic = Buffer.concat([
    Buffer.from('0000001866747970', 'hex'),
    Buffer.from('heic\0\0\0\0mif1heic'),
  ])
  const files: [Buffer, RegExp][] = [
    [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9"/>'),
      /an SVG drawing .*PNG or PDF/,
    ],
    [heic, /a HEIC photo .*JPEG/],
    [zip, /an archive .*unpack/],
    [Buffer.from('d0cf11e0a1b11ae1', 'hex'), /an office document .*PDF/],
    [Buffer.from('Dear Sir or Madam,'), /^is not an image or a PDF; JPEG, PNG/],
  ]
  for (const [bytes, message] of files) {
    await assert.rejects(open(bytes), { code: 'unsupported_type', message })
  }
})
