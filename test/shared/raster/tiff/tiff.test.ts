import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import sharp from 'sharp'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import { rewriteTiff, stripsOf } from '../../../../shared/raster/tiff/tiff-rewrite.ts'
import { makeDecodable, pageAlone } from '../../../../shared/raster/tiff/tiff.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const bytes = readFileSync(join(repository, 'test/fixtures/tiff/zstd.tif'))

/** The fixture with other values in its directory, or another strip. */
function changed(changes: [number, number[]][], strip?: Buffer): Buffer {
  const tiff = readTiff(bytes, 1)
  const directory = tiff.page(0)
  assert.ok(directory)
  const strips = strip === undefined ? stripsOf(tiff, directory) : [strip]
  return rewriteTiff(tiff, directory, new Map(changes), strips)
}

test("a strip that inflates beyond its page's size is damaged", async () => {
  await assert.rejects(makeDecodable(changed([], zstdCompressSync(Buffer.alloc(2 ** 22))), 1), {
    code: 'corrupt_image',
    message: /Zstandard/,
  })
  const sound = await makeDecodable(changed([], zstdCompressSync(Buffer.alloc(96 * 32))), 1)
  const black = await sharp(sound.file).raw().toBuffer()
  assert.ok(black.length >= 96 * 32 && black.every((sample) => sample === 0))
})

test('an extracted page keeps its own strips and drops those of other pages', () => {
  const long = Buffer.concat([bytes, Buffer.alloc(100_000)])
  const tiff = readTiff(long, 1)
  const directory = tiff.page(0)
  assert.ok(directory)
  const alone = readTiff(pageAlone(tiff, directory), 2)
  assert.ok(alone.bytes.length <= bytes.length + 16)
  assert.equal(alone.pagesTotal, 1)
  const copied = alone.page(0)
  assert.ok(copied)
  assert.deepEqual(stripsOf(alone, copied), stripsOf(tiff, directory))
  assert.deepEqual([...copied.fields.keys()], [...directory.fields.keys()])
})

test('strips longer than their file are damaged', () => {
  const tiff = readTiff(changed([]), 1)
  const directory = tiff.page(0)
  assert.ok(directory)
  const values = (tag: number): number[] =>
    Array.from({ length: 9 }, () => (tag === tags.stripOffsets ? 0 : tiff.bytes.length))
  assert.throws(() => stripsOf(tiff, { ...directory, values }), { code: 'corrupt_image' })
})

test('a page that claims too many pixels is rejected before any strip is decoded', async () => {
  const vast = changed([
    [tags.width, [2_000]],
    [tags.height, [2_000]],
  ])
  await assert.rejects(makeDecodable(vast, 1), { code: 'too_many_pixels' })
})

test('the values of a field are returned as stored, if they are present', () => {
  const directory = readTiff(bytes, 1).page(0)
  assert.equal(directory?.raw(tags.width)?.readUInt16LE(), 96)
  assert.equal(directory?.raw(tags.jpegOffset), undefined)
  const broken = Buffer.from(bytes)
  broken.writeUInt32LE(0xff_ff_ff, (directory?.fields.get(tags.width)?.entryAt ?? 0) + 4)
  assert.equal(readTiff(broken, 1).page(0)?.raw(tags.width), undefined)
})
