import { deflateSync, zstdDecompressSync } from 'node:zlib'
import xz from 'xz-decompress'
import { damaged } from './raster.ts'
import { toOrientation, type ExifOrientation } from '../opened.ts'
import { readTiff, tags, type TiffDirectory, type TiffFile } from './tiff-directory.ts'
import { rewriteTiff, type TiffChanges } from './tiff-rewrite.ts'
import { undoDelta, withoutDelta } from './xz-delta.ts'
import { routeOf } from './tiff-route.ts'

const deflate = 8
const lzma = 34_925
const zstd = 50_000
const whiteIsZero = 0
const photometricGrey = 1
const photometricRgb = 2

/** Samples that were decoded as bytes. */
interface Packing {
  bits: number
  width: number
  samples: number
  isInverted: boolean
  orientation: ExifOrientation
}

/** A page of a TIFF file in a form that sharp decodes. */
export interface TiffPage {
  /** A TIFF file whose first page it is. */
  file: Buffer
  /** What sharp's pixels still need. */
  rest: { kind: 'nothing' } | { kind: 'lightness' } | ({ kind: 'unpack' } & Packing)
}

/** Makes page `index` (from 0) decodable. Throws `corrupt_image` or `unsupported_encoding`. */
export async function makeDecodable(bytes: Buffer, index: number): Promise<TiffPage> {
  const tiff = readTiff(bytes, index + 1)
  const directory = tiff.directories[index]
  if (directory === undefined) throw damaged(`it has no page ${index + 1}`)
  const { how } = routeOf(tiff, directory)
  const { changes, extra } = await recompress(tiff, directory)
  if (how === 'lightness') {
    const seen = new Map([...changes, [tags.photometric, [photometricRgb]]])
    return { file: rewriteTiff(tiff, directory, seen, extra), rest: { kind: 'lightness' } }
  }
  if (how !== 'unpack') {
    return { file: rewriteTiff(tiff, directory, changes, extra), rest: { kind: 'nothing' } }
  }
  const bits = directory.first(tags.bitsPerSample) ?? 8
  const width = directory.first(tags.width) ?? 0
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const asBytes: [number, number[]][] = [
    [tags.width, [Math.ceil((width * samples * bits) / 8)]],
    [tags.bitsPerSample, [8]],
    [tags.samplesPerPixel, [1]],
    [tags.photometric, [photometricGrey]],
    [tags.orientation, [1]],
  ]
  const file = rewriteTiff(tiff, directory, new Map([...changes, ...asBytes]), extra)
  const isInverted = directory.first(tags.photometric) === whiteIsZero
  const orientation = toOrientation(directory.first(tags.orientation))
  return { file, rest: { kind: 'unpack', bits, width, samples, isInverted, orientation } }
}

/** LZMA and Zstandard become Deflate, strip by strip; predictors and byte order stay what they are. */
async function recompress(
  { bytes }: TiffFile,
  directory: TiffDirectory,
): Promise<{ changes: TiffChanges; extra: Buffer }> {
  const compression = directory.first(tags.compression) ?? 1
  if (compression !== lzma && compression !== zstd)
    return { changes: new Map(), extra: Buffer.alloc(0) }
  const isTiled = directory.fields.has(tags.tileOffsets)
  const offsetTag = isTiled ? tags.tileOffsets : tags.stripOffsets
  const countTag = isTiled ? tags.tileByteCounts : tags.stripByteCounts
  const offsets = directory.values(offsetTag)
  const counts = directory.values(countTag)
  const strips: Buffer[] = []
  for (const [index, offset] of offsets.entries()) {
    const strip = bytes.subarray(offset, offset + (counts[index] ?? 0))
    const samples = compression === lzma ? await unxz(strip) : unzstd(strip)
    strips.push(deflateSync(samples, { level: 1 }))
  }
  let at = bytes.length
  const places = strips.map((strip) => {
    at += strip.length
    return at - strip.length
  })
  const changes: TiffChanges = new Map([
    [tags.compression, [deflate]],
    [offsetTag, places],
    [countTag, strips.map(({ length }) => length)],
  ])
  return { changes, extra: Buffer.concat(strips) }
}

/** No strip of a page that may be decoded is larger. */
const maxStripBytes = 1024 * 2 ** 20

function unzstd(strip: Buffer): Buffer {
  try {
    return zstdDecompressSync(strip, { maxOutputLength: maxStripBytes })
  } catch (thrown) {
    throw damaged(`Zstandard: ${String(thrown)}`)
  }
}

async function unxz(given: Buffer): Promise<Buffer> {
  const { strip, distance } = withoutDelta(given)
  const parts: Uint8Array[] = []
  let length = 0
  try {
    const source = new Blob([new Uint8Array(strip)]).stream()
    for await (const part of new xz.XzReadableStream(source)) {
      parts.push(part.slice())
      length += part.length
      if (length > maxStripBytes) throw new Error('too much of it')
    }
  } catch (thrown) {
    throw damaged(`LZMA: ${String(thrown)}`)
  }
  return undoDelta(Buffer.concat(parts), distance)
}
