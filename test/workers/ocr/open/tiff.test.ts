import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const fixtures = join(repository, 'test/fixtures')
const openers = createOpeners({
  maxPages: 10,
  maxMegapixels: 1,
  decodeMs: 20_000,
  decodeBytes: 512 * 2 ** 20,
})
after(() => openers.close())

async function open(name: string, number = 1) {
  const document = await openers.open(readFileSync(join(fixtures, name)), undefined)
  const page = await document.page(number, { dpi: 0, pdfText: 'auto' })
  await document.close()
  assert.ok(page.kind === 'pixels')
  return page
}

async function levelsOf(name: string): Promise<number[]> {
  const { pixels } = await open(name)
  const { data, raw, page = 0 } = pixels
  const image = raw === undefined ? sharp(data, { page }) : sharp(data, { raw })
  return [...(await image.flatten({ background: 'white' }).greyscale().raw().toBuffer())]
}

const wanted = [...(await sharp(join(fixtures, 'tiff/page.png')).greyscale().raw().toBuffer())]

/** Variants that libvips cannot decode: always the same page, and the tolerance of its levels. */
const variants: readonly (readonly [name: string, tolerance: number])[] = [
  ['tiff/lzma.tif', 0],
  ['tiff/lzma-predictor.tif', 0],
  ['tiff/zstd.tif', 0],
  ['tiff/lab.tif', 0],
  ['tiff/twelve-bit.tif', 0],
  ['tiff/old-jpeg.tif', 12],
  ['page.jp2', 0],
]

test('variants that libvips cannot decode give the page that they contain', async (t) => {
  for (const [name, tolerance] of variants) {
    await t.test(name, async () => {
      const found = await levelsOf(name)
      assert.equal(found.length, wanted.length)
      const worst = Math.max(...found.map((level, index) => Math.abs(level - (wanted[index] ?? 0))))
      assert.ok(worst <= tolerance, `off by ${worst}`)
    })
  }
})

test('12-bit samples keep the orientation of the page', async () => {
  const { orientation, width, height } = await open('tiff/twelve-bit.tif')
  assert.deepEqual([orientation, width, height], [6, 96, 32])
})

test('a TIFF with an unsupported encoding is rejected, with its cure', async () => {
  await assert.rejects(open('tiff/jpeg-xl.tif'), {
    code: 'unsupported_encoding',
    message: /JPEG XL, which is not supported; save it with LZW or Deflate/,
  })
  await assert.rejects(open('tiff/float.tif'), { code: 'unsupported_encoding' })
})

test('a truncated LZMA or Zstandard strip is damaged', async () => {
  for (const name of ['tiff/lzma.tif', 'tiff/zstd.tif']) {
    const bytes = readFileSync(join(fixtures, name))
    // The strip comes first in these files, and its directory after it.
    bytes.fill(0, 60, 120)
    const document = await openers.open(bytes, undefined)
    await assert.rejects(
      document.page(1, { dpi: 0, pdfText: 'auto' }),
      { code: 'corrupt_image' },
      name,
    )
  }
})
