import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { corrupt } from '../../../../workers/ocr/open/image.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'
import {
  checkLevels,
  grey,
  height,
  makeOpening,
  pixels,
  width,
} from '../../../helpers/pages/opened.ts'
import { tiffOf } from '../../../helpers/pages/tiff-file.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const openAll = makeOpening({ after })

test('pixels that are not square are made square, and the finer resolution holds', async () => {
  const size = { 256: width, 257: height, 259: 1, 278: height }
  const fax = {
    ...size,
    258: 8,
    262: 1,
    277: 1,
    282: { fraction: 100 },
    283: { fraction: 200 },
    296: 2,
  }
  const narrow = { raw: { width, height, channels: 1 } } as const
  const files = {
    tiff: tiffOf([{ fields: fax, strips: [grey] }]),
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
  checkLevels(page.levels, 0)
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
    checkLevels(page.levels, tolerance)
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
