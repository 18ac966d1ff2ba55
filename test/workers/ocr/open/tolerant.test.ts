import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { corrupt } from '../../../../workers/ocr/open/image.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'
import { tiffOf, type TiffPageSource } from '../../../helpers/pages/tiff-file.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const openers = createOpeners({
  maxPages: 10,
  maxMegapixels: 4,
  decodeMs: 20_000,
  decodeBytes: 512 * 2 ** 20,
})
after(() => openers.close())

async function openAll(bytes: Buffer) {
  const document = await openers.open(bytes, undefined)
  const pages = []
  for (let number = 1; number <= document.pagesTotal; number += 1) {
    const page = await document.page(number, { dpi: 0, pdfText: 'auto' })
    assert.ok(page.kind === 'pixels')
    const { data, raw, page: index = 0 } = page.pixels
    const image = raw === undefined ? sharp(data, { page: index }) : sharp(data, { raw })
    const levels = await image.flatten({ background: 'white' }).greyscale().raw().toBuffer()
    pages.push({ width: page.width, height: page.height, dpi: page.dpi, levels })
  }
  await document.close()
  return pages
}

const [width, height] = [64, 32]
const isInk = (x: number, y: number): boolean => x >= 8 && x < 40 && y >= 8 && y < 24
const grey = Buffer.from(
  Array.from({ length: width * height }, (_, at) =>
    isInk(at % width, Math.floor(at / width)) ? 20 : 255,
  ),
)

function check(levels: Buffer, tolerance: number): void {
  assert.equal(levels.length, grey.length)
  const worst = Math.max(...levels.map((level, at) => Math.abs(level - (grey[at] ?? 0))))
  assert.ok(worst <= tolerance, `off by ${worst}`)
}

/** Samples of every pixel, one after another. */
const pixels = (channels: number, of: (level: number, channel: number) => number): Buffer =>
  Buffer.from(
    [...grey].flatMap((level) => Array.from({ length: channels }, (_, c) => of(level, c))),
  )
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
      check(page.levels, name.includes('JPEG') ? 12 : 0)
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

test('pixels that are not square are made square, and the finer resolution holds', async () => {
  const fax = { 258: 8, 262: 1, 277: 1, 282: { fraction: 100 }, 283: { fraction: 200 }, 296: 2 }
  const narrow = { raw: { width, height, channels: 1 } } as const
  const files = {
    tiff: one(fax, grey),
    png: await withPhys(4_000, 8_000),
    jpeg: await withJfif(100, 200),
  }
  for (const [name, bytes] of Object.entries(files)) {
    const [page] = await openAll(bytes)
    assert.deepEqual([page?.width, page?.height], [2 * width, height], name)
    const ink = page?.levels.filter((level) => level < 140).length ?? 0
    assert.ok(Math.abs(ink - 2 * 32 * 16) <= 100, `${name}: ${ink} dark pixels`)
  }
  const [scan] = await openAll(files.tiff)
  assert.equal(scan?.dpi, 200)
  const even = await sharp(grey, narrow).withMetadata({ density: 150 }).png().toBuffer()
  assert.equal((await openAll(even))[0]?.width, width)
})

/** A PNG with a pHYs chunk: pixels per metre, across and down. */
async function withPhys(across: number, down: number): Promise<Buffer> {
  const png = await sharp(grey, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
  const content = Buffer.alloc(13)
  content.write('pHYs', 'latin1')
  content.writeUInt32BE(across, 4)
  content.writeUInt32BE(down, 8)
  content[12] = 1
  return Buffer.concat([
    png.subarray(0, 33),
    chunkOf(content.subarray(0, 4), content.subarray(4)),
    png.subarray(33),
  ])
}

function chunkOf(type: Buffer, content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(Buffer.concat([type, content])))
  return Buffer.concat([length, type, content, sum])
}

async function withJfif(across: number, down: number): Promise<Buffer> {
  const jpeg = await sharp(grey, { raw: { width, height, channels: 1 } })
    .jpeg()
    .toBuffer()
  const jfif = Buffer.from('ffe000104a464946000101010000000000', 'hex')
  const segment = Buffer.concat([jfif, Buffer.alloc(1)])
  segment.writeUInt16BE(across, 12)
  segment.writeUInt16BE(down, 14)
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)])
}

test('an animated PNG gives its first frame', async () => {
  const png = await sharp(grey, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
  const control = chunkOf(Buffer.from('acTL'), Buffer.from('0000000200000000', 'hex'))
  const animated = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)])
  const [page] = await openAll(animated)
  assert.ok(page)
  check(page.levels, 0)
})

const pam = (depth: number, type: string, maxValue: number, samples: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `P7\n# a comment\nWIDTH ${width}\nHEIGHT ${height}\nDEPTH ${depth}\nMAXVAL ${maxValue}\nTUPLTYPE ${type}\nENDHDR\n`,
    ),
    samples,
  ])

test('a PAM image gives its first frame: grey, colour, bits, and transparency as paper', async () => {
  const bits = Buffer.from(grey.map((level) => (level > 128 ? 1 : 0)))
  const files: [Buffer, number][] = [
    [pam(1, 'GRAYSCALE', 255, grey), 0],
    [
      pam(
        3,
        'RGB',
        255,
        pixels(3, (level) => level),
      ),
      0,
    ],
    [pam(1, 'BLACKANDWHITE', 1, bits), 20],
    [
      pam(
        2,
        'GRAYSCALE_ALPHA',
        255,
        pixels(2, (level, c) => (c === 0 ? 20 : 255 - level + 20)),
      ),
      40,
    ],
  ]
  for (const [bytes, tolerance] of files) {
    const [page] = await openAll(Buffer.concat([bytes, bytes]))
    assert.ok(page)
    check(page.levels, tolerance)
  }
  const wrong = pam(9, 'SPECTRUM', 255, grey)
  await assert.rejects(openAll(wrong), { code: 'unsupported_encoding' })
  await assert.rejects(openAll(pam(1, 'GRAYSCALE', 255, grey.subarray(0, 99))), {
    code: 'corrupt_image',
  })
})

test('JPEG 2000 is read as a bare codestream, and with an ICC profile', async () => {
  const file = readFileSync(join(repository, 'test/fixtures/page.jp2'))
  const [wanted] = await openAll(file)
  assert.ok(wanted)
  const bare = file.subarray(file.indexOf(Buffer.from('ff4fff51', 'hex')))
  const colr = file.indexOf('colr')
  const profiled = Buffer.from(file)
  // Method 2, a restricted ICC profile, in place of an enumerated colour space.
  profiled[colr + 4] = 2
  for (const bytes of [bare, profiled]) {
    const [page] = await openAll(bytes)
    assert.ok(page)
    assert.deepEqual([page.width, page.height, page.dpi], [wanted.width, wanted.height, null])
    assert.ok(page.levels.some((level) => level < 100))
  }
})

const faults = 'faults/print'
const wanted: Record<string, [width: number, height: number][]> = {
  'f11_jp2_with_icc_profile.jp2': [[1240, 1754]],
  'f12_pyramid.tif': [[1240, 1754]],
  'f15_no_photometric.tif': [[1240, 1754]],
  'f15_animated.png': [[1240, 1754]],
  'f18_pixels_not_square.tif': [[1728, 2200]],
}

test('the odd files of the faults open', { skip: withoutCorpus(faults) }, async (t) => {
  for (const [file, sizes] of Object.entries(wanted)) {
    await t.test(file, async () => {
      const pages = await openAll(readFileSync(inCorpus(`${faults}/${file}`)))
      assert.deepEqual(
        pages.map((page) => [page.width, page.height]),
        sizes,
      )
      assert.ok(pages[0]?.levels.some((level) => level < 100))
    })
  }
})

test('a file is not called damaged if a decoder merely does not support it', () => {
  for (const reason of [
    'tiff2vips: Sorry, can not handle image',
    'Input buffer contains unsupported image format',
    'heif: Unsupported feature: Unsupported codec (4.3000)',
  ]) {
    const { code, message } = corrupt(new Error(`${reason}\nmore`))
    assert.equal(code, 'unsupported_encoding', reason)
    assert.doesNotMatch(message, /damaged/)
  }
  assert.equal(corrupt(new Error('VipsJpeg: premature end of JPEG image')).code, 'corrupt_image')
})
