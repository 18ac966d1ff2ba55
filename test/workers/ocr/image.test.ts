import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { ScriptoriumError, type ErrorCode } from '../../../shared/errors.ts'
import { openImage } from '../../../workers/ocr/open/image.ts'
import { preparePage } from '../../../workers/ocr/prepare/prepare.ts'

const limits = { maxPages: 2_000 }
const odd = join(import.meta.dirname, '../../../../shared/data/odd')
const page = () => sharp({ create: { width: 40, height: 30, channels: 3, background: 'white' } })

/** How opening and preparing all pages of a file ends: `read`, or one of our codes. Anything else is thrown. */
async function judge(bytes: Buffer): Promise<ErrorCode | 'read'> {
  try {
    const { pagesTotal } = await openImage(bytes, limits)
    for (let number = 1; number <= pagesTotal; number += 1) {
      await preparePage(bytes, number, 'odd', 100)
    }
    return 'read'
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) return thrown.code
    throw thrown
  }
}

test('what is read is told by its content', async () => {
  const files: [string, Buffer][] = [
    ['image/png', await page().png().toBuffer()],
    ['image/jpeg', await page().jpeg().toBuffer()],
    ['image/tiff', await page().tiff().toBuffer()],
    ['image/webp', await page().webp().toBuffer()],
    ['image/gif', await page().gif().toBuffer()],
    ['image/avif', await page().avif().toBuffer()],
  ]
  for (const [mediaType, bytes] of files) {
    assert.deepEqual(await openImage(bytes, limits), { mediaType, pagesTotal: 1 })
  }
})

test('what is no image, or one of a kind that is not read, is named', async () => {
  const pdf = Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\n')
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  await assert.rejects(openImage(pdf, limits), {
    code: 'unsupported_type',
    message: /application\/pdf/,
  })
  await assert.rejects(openImage(svg, limits), { code: 'unsupported_type' })
  await assert.rejects(openImage(Buffer.from('Dear Sir or Madam,'), limits), {
    code: 'unsupported_type',
    message: /^is not an image; JPEG, PNG/,
  })
})

test('an image with too many pixels is refused before it is decoded, and the limit is named', async () => {
  const bytes = await page().png().toBuffer()
  await assert.rejects(preparePage(bytes, 1, 'page', 0.001), {
    code: 'too_large',
    message: 'has 40 x 30 pixels, more than SCRIPTORIUM_MAX_MEGAPIXELS=0.001',
  })
})

test('every page that was cut off is damaged, wherever it was cut', async () => {
  const noise = Uint8Array.from({ length: 300 * 300 }, (_, index) => (index * 7919) % 251)
  const raw = () => sharp(noise, { raw: { width: 300, height: 300, channels: 1 } })
  const wholes = [
    await raw().png().toBuffer(),
    await raw().jpeg().toBuffer(),
    await raw().tiff().toBuffer(),
  ]
  for (const whole of wholes) {
    assert.equal(await judge(whole), 'read')
    for (const share of [0.3, 0.6, 0.9]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      assert.equal(await judge(cut), 'corrupt_image', `${share} of ${whole.length} bytes`)
    }
  }
})

const samples = ['corrupt', 'made']
  .map((folder) => join(odd, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))

const broken = samples.filter((file) =>
  /corrupt\/|broken_|header_only|empty_0|random_|_named\.(tif|jpg)/.test(file),
)
const isMissing = broken.length === 0 && `${odd} is not on this machine`

test(
  'odd files of the world end in a code or are read, and never crash',
  { skip: isMissing },
  async (t) => {
    for (const file of broken) {
      await t.test(file.slice(odd.length + 1), async (subtest) => {
        const verdict = await judge(readFileSync(file))
        subtest.diagnostic(verdict)
        const known = ['read', 'corrupt_image', 'unsupported_type', 'too_large']
        assert.ok(known.includes(verdict), verdict)
        if (file.includes('made/')) assert.notEqual(verdict, 'read')
      })
    }
  },
)

const bomb = join(odd, 'made', 'bomb_40000x40000_bilevel.tif')
const isBombMissing = !existsSync(bomb) && `${bomb} is not on this machine`
test('a bomb of 40 000 x 40 000 pixels is refused', { skip: isBombMissing }, async () => {
  assert.equal(await judge(readFileSync(bomb)), 'too_large')
})

const many = join(odd, 'made', 'multipage_30_g4.tif')
const isManyMissing = !existsSync(many) && `${many} is not on this machine`
test(
  'the pages of a TIFF are counted, and too many are refused',
  { skip: isManyMissing },
  async () => {
    const bytes = readFileSync(many)
    assert.equal((await openImage(bytes, limits)).pagesTotal, 30)
    await assert.rejects(openImage(bytes, { ...limits, maxPages: 29 }), { code: 'too_large' })
  },
)
