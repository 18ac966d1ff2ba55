import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { decodeGrey } from '../../../../workers/ocr/open/raster/decode-grey.ts'
import type { OpenedPage } from '../../../../workers/ocr/open/opened.ts'
import { drawing } from '../../../helpers/pages/drawing.ts'
import { pdfOf, scanOf } from '../../../helpers/pages/scanned-pdf.ts'
import { auto, setUp } from './pdf-pages.ts'

const size = { width: 155, height: 219 }
const turned = { width: size.height, height: size.width }

/** In grey, as coloured ink is darkened before it is read. Its turns and reflections differ everywhere. */
const greyDrawing = (channels: 3 | 4 = 3) => drawing(channels).greyscale()
const coloured = (orientation: number): Promise<Buffer> =>
  drawing().withMetadata({ orientation, density: 150 }).jpeg({ quality: 95 }).toBuffer()
const jpeg = (orientation: number): Promise<Buffer> =>
  greyDrawing().withMetadata({ orientation, density: 150 }).jpeg({ quality: 95 }).toBuffer()

async function shrunk(page: OpenedPage, to: typeof size): Promise<Buffer> {
  assert.equal(page.kind, 'pixels')
  const grey = await decodeGrey(page.pixels, 20)
  const raw = { width: grey.width, height: grey.height, channels: 1 } as const
  return sharp(grey.data, { raw })
    .resize(to.width, to.height, { fit: 'fill' })
    .toColourspace('b-w')
    .raw()
    .toBuffer()
}

const difference = (one: Buffer, other: Buffer): number => {
  assert.equal(one.length, other.length)
  return one.reduce((sum, level, at) => sum + Math.abs(level - (other[at] ?? 0)), 0) / one.length
}

async function check(t: Parameters<typeof setUp>[0], file: Buffer, to = size): Promise<void> {
  const document = await setUp(t).open(file)
  const page = await document.page(1, { ...auto, pdfText: 'skip' })
  const picture = await document.picture(1, to)
  await document.close()
  assert.deepEqual({ width: picture.width, height: picture.height }, to)
  assert.equal(picture.rgb.length, to.width * to.height * 3)
  const grey = await sharp(picture.rgb, { raw: { ...to, channels: 3 } })
    .greyscale()
    .raw()
    .toBuffer()
  const off = difference(grey, await shrunk(page, to))
  assert.ok(off < 12, `the picture differs from the page that is read by ${off} levels`)
}

test('the picture of an image has the pixels of its result, however its file turns it', async (t) => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) await check(t, await jpeg(orientation))
})

test('every image format has a picture', async (t) => {
  const files = {
    png: await greyDrawing().png().toBuffer(),
    'png with alpha': await greyDrawing(4).png().toBuffer(),
    'png of 16 bits': await greyDrawing().toColourspace('rgb16').png().toBuffer(),
    webp: await greyDrawing().webp().toBuffer(),
    gif: await greyDrawing().gif().toBuffer(),
    tiff: await greyDrawing().tiff({ compression: 'lzw' }).toBuffer(),
    'cmyk jpeg': await greyDrawing().toColourspace('cmyk').jpeg().toBuffer(),
    'fax-shaped tiff': await greyDrawing().tiff({ xres: 8, yres: 4 }).toBuffer(),
  }
  for (const [name, file] of Object.entries(files)) await t.test(name, (each) => check(each, file))
})

test('the picture of a PDF page is what a viewer shows, turned or cut', async (t) => {
  const scan = await scanOf(await greyDrawing().png().toBuffer(), 150)
  for (const rotate of [0, 90, 180, 270] as const) {
    await check(t, pdfOf([{ ...scan, rotate }]), rotate % 180 === 0 ? size : turned)
  }
})

test('a picture is in colour', async (t) => {
  const document = await setUp(t).open(await coloured(1))
  const { rgb } = await document.picture(1, size)
  const topRight = (size.width - 2) * 3
  assert.ok((rgb[topRight] ?? 0) > 200 && (rgb[topRight + 1] ?? 255) < 60)
})

test('white writing on nothing is shown on black', async (t) => {
  const background = { r: 255, g: 255, b: 255, alpha: 0 }
  const ink = { create: { width: 60, height: 60, channels: 4, background: 'white' } } as const
  const file = await sharp({ create: { width: 200, height: 200, channels: 4, background } })
    .composite([{ input: await sharp(ink).png().toBuffer(), left: 20, top: 20 }])
    .png()
    .toBuffer()
  const { rgb } = await (await setUp(t).open(file)).picture(1, { width: 200, height: 200 })
  assert.ok((rgb[(40 * 200 + 40) * 3] ?? 0) > 240)
  assert.ok((rgb[(150 * 200 + 150) * 3] ?? 255) < 15)
})

test('a page that cannot be rendered is refused with its reason', async (t) => {
  const { open } = setUp(t, { maxMegapixels: 0.5 })
  const large = pdfOf([await scanOf(await drawing().png().toBuffer(), 150)])
  await assert.rejects((await open(large)).picture(1, size), { code: 'too_many_pixels' })
  const cut = await setUp(t).open((await jpeg(1)).subarray(0, 4_000))
  await assert.rejects(cut.picture(1, size), { code: 'corrupt_image' })
})
