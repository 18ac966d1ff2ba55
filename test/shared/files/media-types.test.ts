import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { assert as check, asyncProperty, constantFrom, uint8Array } from 'fast-check'
import sharp from 'sharp'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { readableTypeOf, sniffBytes } from '../../../shared/files/media-types.ts'
import { writeBmp, writePnm } from '../../helpers/pages/rasters.ts'
import { pdfOf, scanOf } from '../../helpers/pages/scanned-pdf.ts'

test('the first bytes of a long file suffice to detect its type', async () => {
  const [width, height] = [400, 300]
  const noise = randomBytes(width * height)
  const page = () => sharp(noise, { raw: { width, height, channels: 1 } })
  const files: [string, Buffer][] = [
    ['image/png', await page().png().toBuffer()],
    ['image/jpeg', await page().jpeg().toBuffer()],
    ['image/tiff', await page().tiff({ compression: 'lzw' }).toBuffer()],
    ['image/tiff', await page().tiff({ bigtiff: true }).toBuffer()],
    ['image/webp', await page().webp().toBuffer()],
    ['image/gif', await page().gif().toBuffer()],
    ['image/avif', await page().avif({ effort: 0 }).toBuffer()],
    ['image/bmp', writeBmp({ width, height, levels: [...noise], depth: 8 })],
    ['image/x-portable-anymap', writePnm({ width, height, levels: [...noise], kind: 'P5' })],
    ['application/pdf', pdfOf([await scanOf(await page().png().toBuffer(), 100)])],
  ]
  for (const [mediaType, bytes] of files) {
    assert.ok(bytes.length > sniffBytes, mediaType)
    assert.equal(await readableTypeOf(bytes), mediaType)
    assert.equal(await readableTypeOf(bytes.subarray(0, sniffBytes)), mediaType)
  }
})

test('any bytes give a media type or none', async () => {
  const beginnings =
    ' 504b0304 49492a00 4d4d002a ffd8ff 89504e470d0a1a0a 25504446 0000001c66747970 52494646 1a45dfa3 4f676753 494433'
  const property = asyncProperty(
    constantFrom(...beginnings.split(' ')),
    uint8Array({ maxLength: 300 }),
    async (beginning, rest) => {
      const bytes = Buffer.concat([Buffer.from(beginning, 'hex'), rest])
      try {
        assert.match(await readableTypeOf(bytes), /^(image|application)\//)
      } catch (thrown) {
        assert.ok(thrown instanceof ScriptoriumError && thrown.code === 'unsupported_type')
      }
    },
  )
  await check(property, { numRuns: 2_000 })
})

test('a PDF with a late header and every JPEG 2000 container are detected', async () => {
  const late = Buffer.concat([Buffer.alloc(900, 'x'), Buffer.from('%PDF-1.4')])
  assert.equal(await readableTypeOf(late), 'application/pdf')
  const codestream = Buffer.from('ff4fff51002f00000000', 'hex')
  assert.equal(await readableTypeOf(codestream), 'image/jp2')
})
