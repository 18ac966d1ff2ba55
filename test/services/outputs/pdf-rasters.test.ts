import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { readableTypeOf } from '../../../shared/files/media-types.ts'
import { createOpeners } from '../../../workers/ocr/open/open.ts'
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
import { decoder } from '../../helpers/pages/output-decoder.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { makeFolder, placeOf } from '../../helpers/folder.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { writeBmp, writePnm } from '../../helpers/pages/rasters.ts'
import { scanOf } from '../../helpers/pages/scan.ts'
import { pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'

const skip = withoutTools('qpdf', 'pdftotext', 'pdfimages', 'pdftoppm')
const fixtures = join(repository, 'test/fixtures/tiff')
const odd = inCorpus('odd')
const pnmType = 'image/x-portable-anymap'

const greyLevels = [...(await drawing().greyscale().toColourspace('b-w').raw().toBuffer())]
const inkOrPaper = (level: number): number => (level < 128 ? 0 : 255)
const pngOf = (levels: readonly number[], size = { width, height }): Promise<Buffer> =>
  sharp(Buffer.from(levels), { raw: { ...size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()

/** The first picture's bits a component, its encoding and its object. */
function firstPicture(pdf: string): { bits: number; encoding: string; object: string } {
  const row = runTool('pdfimages', ['-list', pdf]).stdout.split('\n')[2]?.trim().split(/\s+/) ?? []
  return { bits: Number(row[7]), encoding: row[8] ?? '', object: row[10] ?? '' }
}

/** The first picture's bits a component, and its samples as the filters give them. */
function samplesOf(pdf: string): { bits: number; samples: Buffer } {
  const { bits, object } = firstPicture(pdf)
  const command = [`--show-object=${object}`, '--filtered-stream-data', pdf]
  const { stdout, status } = spawnSync('qpdf', command, { maxBuffer: 268_435_456 })
  assert.equal(status, 0)
  return { bits, samples: stdout }
}

const wantedOfBmp: Record<number, (level: number) => number> = {
  1: inkOrPaper,
  4: (level) => (level >> 4) * 17,
  8: (level) => level,
  16: (level) => Math.round(((level >> 3) * 255) / 31),
  24: (level) => level,
  32: (level) => level,
}

for (const depth of [1, 4, 8, 16, 24, 32] as const) {
  test(`a BMP of ${depth} bits keeps its pixels`, { skip }, async (t) => {
    const bmp = writeBmp({ width, height, levels: greyLevels, depth })
    const pdf = await makePdf(t, bmp, 'image/bmp', [scan()])
    const wanted = await pngOf(greyLevels.map((level) => wantedOfBmp[depth]?.(level) ?? 0))
    await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), wanted)
    await assertLooksLike(t, pdf, wanted)
    assertPlaced(pdf, [scan()])
    assert.equal(firstPicture(pdf).bits, depth === 1 ? 1 : 8)
  })
}

for (const kind of ['P1', 'P2', 'P3', 'P4', 'P5', 'P6'] as const) {
  test(`a PNM (${kind}) keeps its pixels`, { skip }, async (t) => {
    const pdf = await makePdf(t, writePnm({ width, height, levels: greyLevels, kind }), pnmType, [
      scan(),
    ])
    const isBitmap = kind === 'P1' || kind === 'P4'
    const wanted = await pngOf(isBitmap ? greyLevels.map(inkOrPaper) : greyLevels)
    await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), wanted)
    assertPlaced(pdf, [scan()])
  })
}

/** Noise grows when it is compressed. */
const noise = Array.from(
  { length: width * height },
  (_, index) => (Math.imul(index + 1, 0x9e3779b1) >>> 13) & 255,
)
for (const [kind, bytes, mediaType] of [
  ['a dithered PBM', writePnm({ width, height, levels: noise, kind: 'P4' }), pnmType],
  ['a grey BMP', writeBmp({ width, height, levels: noise, depth: 8 }), 'image/bmp'],
  ['a BMP of 16 colours', writeBmp({ width, height, levels: noise, depth: 4 }), 'image/bmp'],
] as const) {
  test(`${kind} of pure noise does not grow`, { skip }, async (t) => {
    await makePdf(t, bytes, mediaType, [scan()])
  })
}

test('two colours are a fax where that is smaller, and bits otherwise', { skip }, async (t) => {
  for (const [levels, encoding] of [
    [greyLevels, 'ccitt'],
    [noise, 'image'],
  ] as const) {
    const pbm = writePnm({ width, height, levels, kind: 'P4' })
    const pdf = await makePdf(t, pbm, pnmType, [scan()])
    const { bits, encoding: found } = firstPicture(pdf)
    assert.deepEqual([bits, found], [1, encoding])
    const wanted = await pngOf(levels.map(inkOrPaper))
    await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), wanted)
  }
})

/** `colours` is RGB. */
function colourBmp(colours: Buffer): Buffer {
  const levels = Array.from({ length: width * height }, () => 0)
  const bmp = writeBmp({ width, height, levels, depth: 24, isTopDown: true })
  assert.equal(bmp.length, 54 + colours.length, 'rows need no padding')
  for (let at = 0; at < colours.length; at += 3) {
    bmp.set(colours.subarray(at, at + 3).toReversed(), 54 + at)
  }
  return bmp
}

for (const [what, picture] of [
  ['many colours', drawing()],
  ['few colours', drawing().png({ palette: true, colours: 16 })],
] as const) {
  test(`a BMP and a PPM of ${what} keep their pixels`, { skip }, async (t) => {
    const png = await picture.png().toBuffer()
    const colours = await sharp(png).toColourspace('srgb').raw().toBuffer()
    const ppm = Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), colours])
    for (const [bytes, mediaType] of [
      [ppm, pnmType],
      [colourBmp(colours), 'image/bmp'],
    ] as const) {
      const pdf = await makePdf(t, bytes, mediaType, [scan()])
      await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), png)
      await assertLooksLike(t, pdf, png)
    }
  })
}

test('a 16-bit PGM keeps its depth', { skip }, async (t) => {
  const samples = Buffer.alloc(2 * width * height)
  for (let at = 0; at < width * height; at += 1) {
    samples.writeUInt16BE((at % width) * 100 + Math.floor(at / width), 2 * at)
  }
  const pgm = Buffer.concat([Buffer.from(`P5 ${width} ${height} 65535\n`), samples])
  const found = samplesOf(await makePdf(t, pgm, pnmType, [scan()]))
  assert.equal(found.bits, 16)
  assert.ok(found.samples.equals(samples))
})

const page = { width: 96, height: 32 }
const tiffPdf = (t: TestContext, name: string): Promise<string> =>
  makePdf(t, readFileSync(join(fixtures, name)), 'image/tiff', [scan(page)])
const pageLevels = await sharp(join(fixtures, 'page.png')).greyscale().raw().toBuffer()

for (const name of ['lzma.tif', 'lzma-predictor.tif', 'zstd.tif']) {
  test(`a TIFF that libvips cannot decode (${name}) keeps its pixels`, { skip }, async (t) => {
    const pdf = await tiffPdf(t, name)
    await assertSamePixels(pictureOf(t, pdf, '-png', 'png'), await pngOf([...pageLevels], page))
  })
}

test('an old-style JPEG in a TIFF is embedded byte for byte', { skip }, async (t) => {
  const jpeg = pictureOf(t, await tiffPdf(t, 'old-jpeg.tif'), '-j', 'jpg')
  assert.ok(readFileSync(join(fixtures, 'old-jpeg.tif')).includes(jpeg))
})

test("12-bit samples keep their depth and the page's orientation", { skip }, async (t) => {
  const pdf = await tiffPdf(t, 'twelve-bit.tif')
  const { bits, samples } = samplesOf(pdf)
  assert.equal(bits, 16)
  const found = Array.from(pageLevels, (_, at) => samples.readUInt16BE(2 * at))
  const twelve = found.map((value) => Math.round((value * 4_095) / 65_535))
  assert.deepEqual(
    twelve.map((value) => value >> 4),
    [...pageLevels],
  )
  const [, wide, high] =
    /Page size: +([\d.]+) x ([\d.]+)/.exec(runTool('pdfinfo', [pdf]).stdout) ?? []
  assert.ok(Number(wide) < Number(high), 'it is turned by the page')
})

test('L*a*b* keeps its values', { skip }, async (t) => {
  const pdf = await tiffPdf(t, 'lab.tif')
  const { samples } = samplesOf(pdf)
  const lightness = samples.filter((_, at) => at % 3 === 0)
  assert.ok(pageLevels.equals(lightness))
  assert.ok(
    samples.every((value, at) => at % 3 === 0 || value === 128),
    'neither red nor blue',
  )
  assert.match(readFileSync(pdf, 'latin1'), /\/Lab<<.{0,80}\/Range\[-128 127 -128 127]/)
})

test(
  'a damaged or too large image loses its PDF only, and the other formats are written',
  { skip },
  async (t) => {
    const bmp = writeBmp({ width, height, levels: greyLevels, depth: 24 })
    const vast = Buffer.from(bmp)
    vast.writeInt32LE(20_000, 18)
    vast.writeInt32LE(20_000, 22)
    const zstd = readFileSync(join(fixtures, 'zstd.tif')).fill(0, 60, 120)
    for (const [bytes, mediaType, reason, code = 'corrupt_image'] of [
      [bmp.subarray(0, 5_000), 'image/bmp', /last rows are missing/],
      [vast, 'image/bmp', /20000 x 20000 pixels/, 'too_many_pixels'],
      [Buffer.from('P5 9 9 255\nshort'), pnmType, /last rows are missing/],
      [zstd, 'image/tiff', /Zstandard/],
      [readFileSync(join(fixtures, 'jpeg-xl.tif')), 'image/tiff', /JPEG XL/],
    ] as const) {
      const folder = makeFolder(t)
      const file = join(folder, 'damaged')
      writeFileSync(file, bytes)
      const document = scanOf(file, mediaType, [scan()])
      const { hashes, unavailable } = await createOutputFiles(folder).write(
        document,
        ['txt', 'pdf'],
        { file: placeOf(file), decoder },
      )
      assert.deepEqual(Object.keys(hashes), ['txt'])
      assert.deepEqual(
        unavailable.map(({ format, code }) => [format, code]),
        [['pdf', code]],
      )
      assert.match(unavailable[0]?.message ?? '', reason)
      assert.ok(!existsSync(`${file}.pdf`))
    }
  },
)

/** The image that a worker reads of it, as a PNG. */
async function readingOf(t: TestContext, bytes: Buffer): Promise<Buffer> {
  const openers = createOpeners({
    maxPages: 10,
    maxMegapixels: 100,
    decodeMs: 60_000,
    decodeBytes: 512 * 2 ** 20,
  })
  t.after(() => openers.close())
  const document = await openers.open(bytes, undefined)
  const opened = await document.page(1, { dpi: 0, pdfText: 'auto' })
  assert.ok(opened.kind === 'pixels')
  const { data, raw } = opened.pixels
  return (raw === undefined ? sharp(data) : sharp(data, { raw })).png().toBuffer()
}

for (const name of [
  'formats/pillow__hopper_1bit_plain.pbm',
  'formats/tessjs__simple.bmp',
  'formats/tessjs__simple.pbm',
  'formats/tessjs__testocr.pbm',
  'made/page.pbm',
  'corrupt/pillow__badheadersize.bmp',
  'tiff-variants/pillow__old-style-jpeg-compression.tif',
]) {
  test(`${name} looks as it was read`, { skip: skip || withoutCorpus('odd') }, async (t) => {
    const bytes = readFileSync(join(odd, name))
    const reading = await readingOf(t, bytes)
    const pdf = await makePdf(t, bytes, await readableTypeOf(bytes), [scan()])
    if (name.endsWith('.tif')) {
      // Decoders of JPEG round differently: its bytes are the same.
      assert.ok(bytes.includes(pictureOf(t, pdf, '-j', 'jpg')))
      await assertLooksLike(t, pdf, reading)
    } else {
      // A PDF has the colours that are not read.
      const grey = sharp(pictureOf(t, pdf, '-png', 'png')).greyscale()
      await assertSamePixels(await grey.png().toBuffer(), reading)
    }
    assert.match(pdfTextOf(pdf), /Alpha/)
  })
}
