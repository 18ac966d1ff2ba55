import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import sharp from 'sharp'
import {
  assertLooksLike,
  assertPlaced,
  assertSamePixels,
  drawing,
  height,
  makePdf,
  pictureOf,
  scan,
  width,
} from '../../helpers/pages/drawing.ts'
import { makeScan } from '../../helpers/pages/scan.ts'
import { pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'

const skip = withoutTools('qpdf', 'pdftotext', 'pdfimages', 'pdftoppm')

test('a JPEG is embedded byte for byte, with its words on their images', { skip }, async (t) => {
  const jpeg = await drawing().jpeg({ quality: 80 }).toBuffer()
  const pdf = await makePdf(t, jpeg, 'image/jpeg', [scan()])
  assert.ok(pictureOf(t, pdf, '-j', 'jpg').equals(jpeg))
  assert.ok(readFileSync(pdf).includes(jpeg))
  assertPlaced(pdf, [scan()])
  assert.equal(pdfTextOf(pdf).trim(), 'Alpha gamma – “omega”')
})

test('a CMYK JPEG keeps its bytes and its colours', { skip }, async (t) => {
  const jpeg = await drawing().toColourspace('cmyk').jpeg().toBuffer()
  const pdf = await makePdf(t, jpeg, 'image/jpeg', [scan()])
  assert.ok(readFileSync(pdf).includes(jpeg))
  await assertLooksLike(t, pdf, await sharp(jpeg).toColourspace('srgb').png().toBuffer(), 45)
})

for (const [kind, made] of Object.entries({
  colour: () => drawing().png(),
  'colour of 16 bits': () => drawing().toColourspace('rgb16').png(),
  grey: () => drawing().greyscale().png(),
  palette: () => drawing().png({ palette: true, colours: 16 }),
})) {
  test(`a PNG (${kind}) keeps its compressed data and its pixels`, { skip }, async (t) => {
    const png = await made().toBuffer()
    const pdf = await makePdf(t, png, 'image/png', [scan()])
    const start = png.indexOf('IDAT') + 4
    const data = png.subarray(start, start + png.readUInt32BE(start - 8))
    assert.ok(readFileSync(pdf).includes(data))
    if (!kind.includes('16')) await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), png)
    await assertLooksLike(t, pdf, png)
    assertPlaced(pdf, [scan()])
  })
}

for (const [kind, mediaType, made] of [
  ['an interlaced PNG', 'image/png', () => drawing().png({ progressive: true })],
  ['a PNG with transparency', 'image/png', () => drawing(4).png()],
  ['a lossless WebP', 'image/webp', () => drawing().webp({ lossless: true })],
  ['a TIFF with LZW', 'image/tiff', () => drawing().tiff({ compression: 'lzw' })],
  ['a GIF', 'image/gif', () => drawing().gif()],
] as const) {
  test(`${kind} is recompressed without loss`, { skip }, async (t) => {
    const bytes = await made().toBuffer()
    const pdf = await makePdf(t, bytes, mediaType, [scan()])
    await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), bytes)
    assertPlaced(pdf, [scan()])
  })
}

for (const miniswhite of [true, false]) {
  test(
    `a fax (G4, ${miniswhite ? 'white' : 'black'} is 0) keeps its data and its colours`,
    { skip },
    async (t) => {
      const options = { compression: 'ccittfax4', bitdepth: 1, miniswhite } as const
      const tiff = await drawing()
        .threshold(128)
        .toColourspace('b-w')
        .tiff({ ...options, tileHeight: 880 })
        .toBuffer()
      const pdf = await makePdf(t, tiff, 'image/tiff', [scan()])
      assert.match(runTool('pdfimages', ['-list', pdf]).stdout, /ccitt/)
      await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), tiff)
    },
  )
}

test('every page of a TIFF is included, also unread and empty ones', { skip }, async (t) => {
  const pages = await Promise.all(
    [1, 2, 3].map((n) =>
      drawing()
        .linear(n / 3)
        .raw()
        .toBuffer(),
    ),
  )
  const raw = { width, height: height * 3, channels: 3, pageHeight: height } as const
  const tiff = await sharp(Buffer.concat(pages), { raw })
    .tiff({ compression: 'deflate' })
    .toBuffer()
  const empty = makeScan([], { page: 3, width, height, dpi: 75, outcome: 'empty', text: '' })
  const pdf = await makePdf(t, tiff, 'image/tiff', [scan(), empty])
  assert.match(runTool('pdfinfo', [pdf]).stdout, /Pages: +3/)
  assert.equal(runTool('pdfimages', ['-list', pdf]).stdout.trim().split('\n').length, 2 + 3)
  assertPlaced(pdf, [scan(), empty])
})

test('a page without a resolution has a sensible size', { skip }, async (t) => {
  const pdf = await makePdf(t, await drawing().png().toBuffer(), 'image/png', [scan({ dpi: null })])
  assert.match(runTool('pdfinfo', [pdf]).stdout, /Page size: +446.4 x 631.44 pts/)
  const lying = await makePdf(t, await drawing().png().toBuffer(), 'image/png', [scan({ dpi: 1 })])
  assert.match(runTool('pdfinfo', [lying]).stdout, /x 14400 pts/)
})

test('the same document gives the same bytes', { skip }, async (t) => {
  const png = await drawing().png().toBuffer()
  const [one, two] = [
    await makePdf(t, png, 'image/png', [scan()]),
    await makePdf(t, png, 'image/png', [scan()]),
  ]
  assert.ok(readFileSync(one).equals(readFileSync(two)))
})
