import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'

/** A JPEG 2000 codestream of any size with empty tiles of any size. */
function jpeg2000(
  size: { width: number; height: number },
  tile: { width: number; height: number },
  components: number,
): Buffer {
  const siz = Buffer.alloc(40 + 3 * components)
  siz.writeUInt16BE(0xff51, 0)
  siz.writeUInt16BE(38 + 3 * components, 2)
  const numbers = [size.width, size.height, 0, 0, tile.width, tile.height, 0, 0]
  numbers.forEach((number, index) => siz.writeUInt32BE(number, 6 + 4 * index))
  siz.writeUInt16BE(components, 38)
  for (let index = 0; index < components; index += 1) siz.set([7, 1, 1], 40 + 3 * index)
  const coding = Buffer.from('ff52000c00000001000004040001ff5c00044040', 'hex')
  const across = Math.ceil(size.width / tile.width)
  const tiles = Math.min(65_535, across * Math.ceil(size.height / tile.height))
  const parts = Array.from({ length: tiles }, (_, index) => {
    const part = Buffer.alloc(14 + components)
    part.writeUInt32BE(0xff90000a, 0)
    part.writeUInt16BE(index, 4)
    part.writeUInt32BE(part.length, 6)
    part.writeUInt32BE(0x0001ff93, 10)
    return part
  })
  return Buffer.concat([
    Buffer.from('ff4f', 'hex'),
    siz,
    coding,
    ...parts,
    Buffer.from('ffd9', 'hex'),
  ])
}

/** A BMP with only a header: its size and compression (0 none, 1 run lengths). */
function bmp(width: number, height: number, compression: 0 | 1): Buffer {
  const bytes = Buffer.alloc(54 + 1_024 + 2)
  bytes.write('BM', 'latin1')
  bytes.writeUInt32LE(54 + 1_024, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(8, 28)
  bytes.writeUInt32LE(compression, 30)
  bytes[bytes.length - 1] = 1 // The end of the picture.
  return bytes
}

const tiny = () => sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })

/** A sound PNG with `count` chunks before its pixels. */
async function pngOfChunks(type: string, content: string, count: number): Promise<Buffer> {
  const png = await tiny().png().toBuffer()
  const body = Buffer.from(type + content, 'latin1')
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(content.length, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  const afterHeader = 33
  const chunks = Buffer.alloc(chunk.length * count, chunk)
  return Buffer.concat([png.subarray(0, afterHeader), chunks, png.subarray(afterHeader)])
}

/** A sound JPEG with `count` empty application segments. */
async function jpegOfSegments(count: number): Promise<Buffer> {
  const jpeg = await tiny().jpeg().toBuffer()
  const segments = Buffer.alloc(4 * count, Buffer.from('ffe50002', 'hex'))
  return Buffer.concat([jpeg.subarray(0, 2), segments, jpeg.subarray(2)])
}

/** Files that claim to be larger than they are, or consist of headers only. */
export async function makeClaims(random: Random): Promise<HostileFile[]> {
  const side = random.pick([9_000, 40_000, 65_535, 2 ** 31 - 1])
  const count = random.integer(1_000, 200_000)
  const [type, content] = random.pick([
    ['tEXt', 'k\0x'],
    ['iTXt', 'k\0\0\0\0\0x'],
    ['IDAT', ''],
    ['abCd', ''],
  ] as const)
  const tile = { width: random.integer(1, 8), height: random.integer(1, 8) }
  const whole = { width: side, height: side }
  const bombs: Record<string, Buffer> = {
    'tiles.jp2': jpeg2000({ width: 1_000, height: 1_000 }, tile, random.integer(1, 4)),
    'components.jp2': jpeg2000({ width: 3_000, height: 3_000 }, whole, random.integer(5, 16_384)),
    'claims.jp2': jpeg2000(whole, whole, 3),
    'claims.bmp': bmp(side, random.chance(0.5) ? side : -side, 0),
    'runs.bmp': bmp(random.integer(1, 10_000), random.integer(1, 10_000), 1),
    'claims.pgm': Buffer.from(
      `P${random.integer(1, 6)} ${side} ${side} ${random.pick([1, 255, 65_535])}\n0 1 2`,
    ),
    'comments.pbm': Buffer.from(`P1\n${'#\n'.repeat(count)}1 1\n1`),
    'chunks.png': await pngOfChunks(type, content, count),
    'segments.jpg': await jpegOfSegments(count),
  }
  return Object.entries(bombs).map(([name, bytes]) => ({ name, kind: `claim ${name}`, bytes }))
}
