import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { readableTypes, type ReadableType } from '../../../shared/files/media-types.ts'
import { decodeCostOf } from '../../../shared/raster/decode-cost.ts'
import { makeFolder } from '../../helpers/folder.ts'
import { writeBmp, writePnm } from '../../helpers/pages/rasters.ts'
import { repository } from '../../helpers/processes/processes.ts'

const folder = makeFolder({ after })
const [width, height] = [3_008, 2_000]
const background = { r: 200, g: 120, b: 30, alpha: 0.5 }
const flat = (channels: 3 | 4): Sharp => sharp({ create: { width, height, channels, background } })
const deep = (channels: 3 | 4): Sharp => flat(channels).toColourspace('rgb16')
const page = { width, height, levels: Array<number>(width * height).fill(200) }

const pictures: Record<string, [mediaType: ReadableType, make: () => Promise<Buffer> | Buffer]> = {
  PNG: ['image/png', () => flat(3).png().toBuffer()],
  'interlaced PNG': ['image/png', () => flat(4).png({ progressive: true }).toBuffer()],
  'interlaced 16-bit PNG': ['image/png', () => deep(4).png({ progressive: true }).toBuffer()],
  JPEG: ['image/jpeg', () => flat(3).jpeg().toBuffer()],
  'progressive JPEG': [
    'image/jpeg',
    () => flat(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  ],
  GIF: ['image/gif', () => flat(3).gif({ colours: 4 }).toBuffer()],
  WebP: ['image/webp', () => flat(4).webp({ effort: 0 }).toBuffer()],
  AVIF: ['image/avif', () => flat(3).avif({ effort: 0, chromaSubsampling: '4:4:4' }).toBuffer()],
  'TIFF of strips': ['image/tiff', () => flat(3).tiff({ compression: 'lzw' }).toBuffer()],
  'TIFF of one tile': [
    'image/tiff',
    () =>
      flat(3)
        .tiff({ compression: 'lzw', tile: true, tileWidth: 3_008, tileHeight: 2_000 })
        .toBuffer(),
  ],
  BMP: ['image/bmp', () => writeBmp({ ...page, depth: 24 })],
  PNM: ['image/x-portable-anymap', () => writePnm({ ...page, kind: 'P5' })],
}

const measure = promisify(execFile)
const script = join(repository, 'test/helpers/processes/peak-memory.ts')

test('an estimate covers the memory of decoding, and not much more', async (t) => {
  for (const [name, [mediaType, make]] of Object.entries(pictures)) {
    await t.test(name, async () => {
      const bytes = await make()
      const file = join(folder, name)
      writeFileSync(file, bytes)
      const { stdout } = await measure(process.execPath, [script, file])
      const estimate = decodeCostOf(bytes, mediaType)
      assert.deepEqual([estimate?.width, estimate?.height], [width, height])
      const [peak, most] = [Number(stdout) / 1e6, (estimate?.peakBytes ?? 0) / 1e6]
      const told = `${peak.toFixed(0)} MB taken, ${most.toFixed(0)} MB estimated`
      // malloc keeps freed memory, up to 32 MB per piece.
      assert.ok(peak < 1.1 * most + 32 && most < 1.8 * peak + 32, told)
    })
  }
})

const small: Record<string, [mediaType: ReadableType, bytes: Buffer]> = {}
const tiny = sharp({ create: { width: 40, height: 30, channels: 3, background: 'white' } })
small['PNG'] = ['image/png', await tiny.clone().png().toBuffer()]
small['JPEG'] = ['image/jpeg', await tiny.clone().jpeg({ progressive: true }).toBuffer()]
small['GIF'] = ['image/gif', await tiny.clone().gif().toBuffer()]
small['WebP'] = ['image/webp', await tiny.clone().webp().toBuffer()]
small['AVIF'] = ['image/avif', await tiny.clone().avif().toBuffer()]
small['TIFF'] = ['image/tiff', await tiny.clone().tiff().toBuffer()]
const levels = Array<number>(1_200).fill(255)
small['BMP'] = ['image/bmp', writeBmp({ width: 40, height: 30, levels, depth: 8 })]
small['PNM'] = ['image/x-portable-anymap', writePnm({ width: 40, height: 30, levels, kind: 'P6' })]
small['JP2'] = ['image/jp2', readFileSync(join(repository, 'test/fixtures/page.jp2'))]

/** Anything else that is thrown fails the test. */
function costOrRefusal(bytes: Buffer, mediaType: ReadableType): number | undefined {
  try {
    return decodeCostOf(bytes, mediaType)?.peakBytes
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) return undefined
    throw thrown
  }
}

test('every kind of image has an estimate', () => {
  const kinds = new Set(Object.values(small).map(([mediaType]) => mediaType))
  assert.deepEqual(
    readableTypes.filter((type) => !kinds.has(type)),
    ['application/pdf'],
  )
  for (const [mediaType, bytes] of Object.values(small)) {
    const peak = costOrRefusal(bytes, mediaType)
    assert.ok(peak !== undefined && peak > 4e6 && peak < 100e6, `${mediaType}: ${peak}`)
  }
})

test('a truncated file, or one with any byte changed, has an estimate, none, or a code', () => {
  for (const [mediaType, bytes] of Object.values(small)) {
    for (let at = 0; at < Math.min(bytes.length, 700); at += 1) {
      costOrRefusal(bytes.subarray(0, at), mediaType)
      for (const value of [0, 1, 127, 255]) {
        const changed = Buffer.from(bytes)
        changed[at] = value
        costOrRefusal(changed, mediaType)
      }
    }
  }
})

test('a JPEG with a scan per component costs as much as a progressive one', async () => {
  const bytes = await tiny.clone().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()
  const together = decodeCostOf(bytes, 'image/jpeg')?.peakBytes ?? 0
  const scan = bytes.indexOf(Buffer.from('ffda', 'hex'))
  bytes[scan + 4] = 1
  assert.equal(decodeCostOf(bytes, 'image/jpeg')?.peakBytes, together + 2 * 3 * 40 * 30)
})
