import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { gifOf, webpOf } from '../../../scripts/tools/fuzz/files/bombs/animations.ts'
import { firstFrame } from '../../../shared/raster/first-frame.ts'
import { createOpeners } from '../../../workers/ocr/open/open.ts'

const openers = createOpeners({
  maxPages: 10,
  maxMegapixels: 10,
  decodeBytes: 512 * 2 ** 20,
  decodeMs: 600_000,
})
after(() => openers.close())
const [width, height] = [40, 30]
const frames = Buffer.concat([40, 90, 200].map((level) => Buffer.alloc(width * height * 3, level)))
const moving = sharp(frames, {
  raw: { width, height: 3 * height, channels: 3, pageHeight: height },
})
const animations = {
  'image/gif': await moving.clone().gif().toBuffer(),
  // The orientation comes after the frames.
  'image/webp': await moving
    .clone()
    .webp({ lossless: true })
    .withMetadata({ orientation: 6 })
    .toBuffer(),
}

test('an animation yields its first frame unchanged, with its orientation', async (t) => {
  // Here, as in the decoder's process, GIFs may be decoded; a worker's own process refuses them.
  const gifs = { operation: ['VipsForeignLoadNsgif'] }
  sharp.unblock(gifs)
  t.after(() => sharp.block(gifs))
  for (const [mediaType, bytes] of Object.entries(animations)) {
    const first = firstFrame(bytes, mediaType)
    assert.ok(first.length < bytes.length)
    const [before, after] = await Promise.all([bytes, first].map((file) => sharp(file).metadata()))
    assert.deepEqual([before?.pages, after?.pages ?? 1], [3, 1])
    assert.equal(after?.orientation, before?.orientation)
    assert.deepEqual(await sharp(first).raw().toBuffer(), await sharp(bytes).raw().toBuffer())
  }
})

test('files with one frame, truncated files and other files stay unchanged', async () => {
  const still = moving.clone().extract({ left: 0, top: 0, width, height })
  const gif = await still.clone().gif().toBuffer()
  const webp = await still.clone().webp().toBuffer()
  assert.equal(firstFrame(gif, 'image/gif'), gif)
  assert.equal(firstFrame(webp, 'image/webp'), webp)
  assert.equal(firstFrame(gif, 'image/png'), gif)
  for (const [mediaType, bytes] of Object.entries(animations)) {
    for (let length = 0; length < bytes.length; length += 1) {
      assert.ok(firstFrame(bytes.subarray(0, length), mediaType).length <= length + 1)
    }
  }
})

test('a file of a hundred thousand frames opens within a second of processor time', async () => {
  for (const [mediaType, bytes] of [
    ['image/gif', gifOf(1_000_000)],
    ['image/webp', await webpOf(100_000)],
  ] as const) {
    const before = process.cpuUsage()
    const document = await openers.open(bytes, undefined)
    const page = await document.page(1, { dpi: 0, pdfText: 'auto' })
    assert.deepEqual([page.width, page.height], [16, 16])
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 1e6, `${mediaType}: ${user + system} microseconds`)
  }
})
