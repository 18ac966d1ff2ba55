import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { makeDecodable, pageAlone } from '../../../../shared/raster/tiff/tiff.ts'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { tiffOf } from '../../../helpers/pages/tiff-file.ts'

const [width, height] = [64, 48]

/** Rows of a picture whose level rises from left to right and from top to bottom. */
const rowsOf = (from: number, count: number, channels: 1 | 3): Buffer =>
  Buffer.from(
    Array.from({ length: count * width * channels }, (_, at) => {
      const pixel = Math.floor(at / channels)
      return 20 + 2 * (pixel % width) + 2 * (from + Math.floor(pixel / width))
    }),
  )

interface Parts {
  quantization: Buffer[]
  dc: Buffer[]
  ac: Buffer[]
  samples: Buffer
}

/** The tables and the coded samples of a baseline JPEG of these rows. */
async function partsOf(from: number, count: number, channels: 1 | 3): Promise<Parts> {
  const raw = { width, height: count, channels }
  const options = { quality: 90, optimiseCoding: false, chromaSubsampling: '4:2:0' } as const
  const image = sharp(rowsOf(from, count, channels), { raw })
  const bytes = await (channels === 1 ? image.toColourspace('b-w') : image).jpeg(options).toBuffer()
  const parts: Parts = { quantization: [], dc: [], ac: [], samples: Buffer.alloc(0) }
  for (let at = 2; ;) {
    const [code, end] = [bytes[at + 1], at + 2 + bytes.readUInt16BE(at + 2)]
    if (code === 0xda) return { ...parts, samples: bytes.subarray(end, -2) }
    for (let next = at + 4; next < end;) {
      const name = bytes[next] ?? 0
      const counts = bytes.subarray(next + 1, next + 17).reduce((sum, each) => sum + each, 16)
      const table = bytes.subarray(next + 1, next + 1 + (code === 0xdb ? 64 : counts))
      if (code === 0xdb) parts.quantization[name] = table
      else if (code === 0xc4) parts[name < 16 ? 'dc' : 'ac'][name & 15] = table
      else break
      next += 1 + table.length
    }
    at = end
  }
}

/** An old-style JPEG TIFF whose strips are coded samples only: its fields 519 to 521 name the tables. */
async function tiffWithTables(channels: 1 | 3, rows: number): Promise<Buffer> {
  const strips: Parts[] = []
  for (let from = 0; from < height; from += rows) strips.push(await partsOf(from, rows, channels))
  const [{ quantization, dc, ac } = assert.fail('no strip')] = strips
  const ofChannels = (tables: Buffer[]): Buffer[] =>
    Array.from({ length: channels }, (_, index) => tables[Math.min(index, 1)] ?? assert.fail())
  const kinds = [quantization, dc, ac].map(ofChannels)
  const make = (begin: number): Buffer => {
    let at = begin
    const offsets = kinds.map((tables) => tables.map(({ length }) => (at += length) - length))
    const fields = {
      256: width,
      257: height,
      258: Array.from({ length: channels }, () => 8),
      259: 6,
      262: channels === 1 ? 1 : 6,
      277: channels,
      278: rows,
      512: 1,
      519: offsets[0] ?? [],
      520: offsets[1] ?? [],
      521: offsets[2] ?? [],
      ...(channels === 3 && { 530: [2, 2] }),
    }
    return tiffOf([{ fields, strips: strips.map(({ samples }) => samples) }])
  }
  const { length } = make(70_000) // Offsets of four bytes, as in the file that is kept.
  return Buffer.concat([make(Math.max(length, 70_000)), ...padding(length), ...kinds.flat()])
}

const padding = (length: number): Buffer[] => [Buffer.alloc(Math.max(0, 70_000 - length))]

for (const [channels, rows] of [
  [1, 48],
  [1, 16],
  [3, 48],
  [3, 16],
] as const) {
  test(`old-style JPEG with tables beside its strips is read: ${channels} channels, strips of ${rows} rows`, async () => {
    const tiff = readTiff(await tiffWithTables(channels, rows), 1)
    const directory = tiff.page(0) ?? assert.fail('no page')
    for (const bytes of [tiff.bytes, pageAlone(tiff, directory)]) {
      const { file, rest } = await makeDecodable(bytes, 1)
      assert.equal(rest.kind, 'nothing')
      const { data, info } = await sharp(file)
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true })
      assert.deepEqual([info.width, info.height], [width, height])
      const expected = rowsOf(0, height, 1)
      const furthest = Math.max(...data.map((level, at) => Math.abs(level - (expected[at] ?? 0))))
      assert.ok(furthest <= 8, `levels differ by up to ${furthest}`)
    }
  })
}

test('a table outside the file is damaged, and a missing one is not supported', async () => {
  const bytes = await tiffWithTables(1, 48)
  const cut = readTiff(bytes.subarray(0, -100), 1)
  assert.throws(() => pageAlone(cut, cut.page(0) ?? assert.fail()), { code: 'corrupt_image' })
  const field = bytes.indexOf(Buffer.from('08020400', 'hex'))
  const without = Buffer.from(bytes)
  without.writeUInt16LE(522, field)
  await assert.rejects(makeDecodable(without, 1), {
    code: 'unsupported_encoding',
    message: /old-style JPEG without a whole stream/,
  })
})
