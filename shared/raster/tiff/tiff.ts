import { deflateSync, zstdDecompressSync } from 'node:zlib'
import xz from 'xz-decompress'
import { damaged, requireSize } from '../raster.ts'
import { readTiff, type TiffDirectory, type TiffFile } from './tiff-directory.ts'
import { rewriteTiff, soundStrips, stripsOf, type TiffChanges } from './tiff-rewrite.ts'
import { undoDelta, withoutDelta } from '../decoders/xz-delta.ts'
import { routeOf } from './tiff-route.ts'
import { compressions, photometrics, tags } from './tiff-tags.ts'

const { deflate, lzma, zstd } = compressions

/** Samples that were decoded as bytes. `orientation` is the file's value, if any. */
interface Packing {
  bits: number
  width: number
  samples: number
  isInverted: boolean
  orientation: number | undefined
}

/** A page of a TIFF file in a form that sharp decodes. */
export interface TiffPage {
  /** A TIFF file in which this page is first. */
  file: Buffer
  /** Processing that sharp's pixels still need. */
  rest: { kind: 'nothing' } | { kind: 'lightness' } | ({ kind: 'unpack' } & Packing)
}

/** Returns one page of a TIFF file as a file of its own, unchanged, for our own decoders. Throws `corrupt_image`. */
export const pageAlone = (tiff: TiffFile, directory: TiffDirectory): Buffer =>
  rewriteTiff(tiff, directory, new Map(), stripsOf(tiff, directory))

/** Writers set some twenty. */
const maxKnownFields = 128

/**
 * Returns the file given to sharp for a page that it decodes: with one page, which comes first. libtiff scans all
 * directories and all their fields each time a file is opened, so each of many pages would pay for all.
 */
export function pageFile(tiff: TiffFile, directory: TiffDirectory): Buffer {
  if (tiff.pagesTotal === 1 && directory.fields.size <= maxKnownFields) return tiff.bytes
  const strips = soundStrips(tiff, directory)
  // libtiff handles strips without a size, or fewer than announced.
  return rewriteTiff(tiff, directory, new Map(), typeof strips === 'string' ? undefined : strips)
}

/** Makes the first page of a file decodable. Throws `corrupt_image`, `too_many_pixels` or `unsupported_encoding`. */
export async function makeDecodable(bytes: Buffer, maxMegapixels: number): Promise<TiffPage> {
  const tiff = readTiff(bytes, 1)
  const directory = tiff.page(0)
  if (directory === undefined) throw damaged('it has no page')
  requireSize(directory.first(tags.width) ?? 0, directory.first(tags.height) ?? 0, maxMegapixels)
  const { how } = routeOf(tiff, directory)
  const { changes, strips } = await recompress(tiff, directory, maxMegapixels)
  if (how === 'lightness') {
    const seen = new Map([...changes, [tags.photometric, [photometrics.rgb]]])
    return { file: rewriteTiff(tiff, directory, seen, strips), rest: { kind: 'lightness' } }
  }
  if (how !== 'unpack') {
    return { file: rewriteTiff(tiff, directory, changes, strips), rest: { kind: 'nothing' } }
  }
  const bits = directory.first(tags.bitsPerSample) ?? 8
  const width = directory.first(tags.width) ?? 0
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const asBytes: [number, number[]][] = [
    [tags.width, [Math.ceil((width * samples * bits) / 8)]],
    [tags.bitsPerSample, [8]],
    [tags.samplesPerPixel, [1]],
    [tags.photometric, [photometrics.blackIsZero]],
    [tags.orientation, [1]],
  ]
  const file = rewriteTiff(tiff, directory, new Map([...changes, ...asBytes]), strips)
  const isInverted = directory.first(tags.photometric) === photometrics.whiteIsZero
  const orientation = directory.first(tags.orientation)
  return { file, rest: { kind: 'unpack', bits, width, samples, isInverted, orientation } }
}

/** Converts LZMA and Zstandard to Deflate, strip by strip; predictors and byte order stay the same. */
async function recompress(
  tiff: TiffFile,
  directory: TiffDirectory,
  maxMegapixels: number,
): Promise<{ changes: TiffChanges; strips: Buffer[] }> {
  const compression = directory.first(tags.compression) ?? 1
  const given = stripsOf(tiff, directory)
  if (compression !== lzma && compression !== zstd) return { changes: new Map(), strips: given }
  const maxBytes = maxStripBytes(directory, maxMegapixels)
  const strips: Buffer[] = []
  for (const strip of given) {
    const samples = compression === lzma ? await unxz(strip, maxBytes) : unzstd(strip, maxBytes)
    strips.push(deflateSync(samples, { level: 1 }))
  }
  return { changes: new Map([[tags.compression, [deflate]]]), strips }
}

/** Maximum bytes of a strip or tile: a few kilobytes may claim to be gigabytes. */
function maxStripBytes(directory: TiffDirectory, maxMegapixels: number): number {
  const isTiled = directory.fields.has(tags.tileOffsets)
  const width = directory.first(isTiled ? tags.tileWidth : tags.width) ?? 0
  const height = directory.first(isTiled ? tags.tileHeight : tags.height) ?? 0
  requireSize(width, height, maxMegapixels)
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  const bits = directory.first(tags.bitsPerSample) ?? 1
  return Math.ceil((width * samples * bits) / 8) * height
}

function unzstd(strip: Buffer, maxOutputLength: number): Buffer {
  try {
    return zstdDecompressSync(strip, { maxOutputLength })
  } catch (thrown) {
    throw damaged(`Zstandard: ${String(thrown)}`)
  }
}

async function unxz(given: Buffer, maxBytes: number): Promise<Buffer> {
  const { strip, distance } = withoutDelta(given)
  const parts: Uint8Array[] = []
  let length = 0
  try {
    const source = new Blob([new Uint8Array(strip)]).stream()
    for await (const part of new xz.XzReadableStream(source)) {
      parts.push(part.slice())
      length += part.length
      if (length > maxBytes) throw new Error('it exceeds its size limit')
    }
  } catch (thrown) {
    throw damaged(`LZMA: ${String(thrown)}`)
  }
  return undoDelta(Buffer.concat(parts), distance)
}
