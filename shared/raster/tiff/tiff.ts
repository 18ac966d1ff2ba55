import { deflateSync, zstdDecompressSync } from 'node:zlib'
import xz from 'xz-decompress'
import { damaged, requireSize } from '../raster.ts'
import { jpegsOf } from './old-jpeg.ts'
import { readTiff, type TiffDirectory, type TiffFile } from './tiff-directory.ts'
import { rewriteTiff, soundStrips, stripsOf, type TiffChanges } from './tiff-rewrite.ts'
import { undoDelta, withoutDelta } from '../decoders/xz-delta.ts'
import { coloursOf, photometricOf, routeOf } from './tiff-route.ts'
import { compressions, photometrics, tags } from './tiff-tags.ts'

const { deflate, jpeg, lzma, zstd } = compressions
const { whiteIsZero, blackIsZero, rgb } = photometrics
const predicted = 2

/** Samples that were decoded as bytes. `orientation` is the file's value, if any. */
interface Packing {
  bits: number
  width: number
  samples: number
  /** The first samples of a pixel that make its colour: grey, RGB or CMYK. */
  colours: 1 | 3 | 4
  /** Samples of 16 bits have their lower byte first. */
  isLittle: boolean
  /** Each sample is the difference from the one before it. */
  isDifferenced: boolean
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

/**
 * Returns one page of a TIFF file as a separate file for our own decoders: unchanged, except that it has no JPEG tables
 * beside its strips. Throws `corrupt_image`.
 */
export function pageAlone(tiff: TiffFile, directory: TiffDirectory): Buffer {
  const strips = stripsOf(tiff, directory)
  const isOldJpeg = directory.first(tags.compression) === compressions.oldJpeg
  const hasTables = isOldJpeg && routeOf(tiff, directory).how === 'tables'
  return hasTables
    ? rewriteTiff(tiff, directory, asNewJpeg(directory), jpegsOf(tiff, directory, strips))
    : rewriteTiff(tiff, directory, new Map(), strips)
}

/** Writers set some twenty. */
const maxKnownFields = 128

/**
 * Returns the file given to sharp for a page that it decodes: with one page, which comes first. libtiff scans all
 * directories and all their fields each time a file is opened, so each of many pages would pay for all.
 */
export function pageFile(tiff: TiffFile, directory: TiffDirectory): Buffer {
  const isKnown = directory.fields.has(tags.photometric)
  const isAlone = tiff.directoriesTotal === 1 && directory.fields.size <= maxKnownFields
  if (isAlone && isKnown) return tiff.bytes
  const strips = soundStrips(tiff, directory)
  const changes = isKnown ? new Map() : withPhotometric(directory)
  // libtiff handles strips without a size, or fewer than announced.
  return rewriteTiff(tiff, directory, changes, typeof strips === 'string' ? undefined : strips)
}

const withPhotometric = (directory: TiffDirectory): TiffChanges =>
  new Map([[tags.photometric, [photometricOf(directory)]]])

/** Makes the first page of a file decodable. Throws `corrupt_image`, `too_many_pixels` or `unsupported_encoding`. */
export async function makeDecodable(bytes: Buffer, maxMegapixels: number): Promise<TiffPage> {
  const tiff = readTiff(bytes, 1)
  const directory = tiff.page(0)
  if (directory === undefined) throw damaged('it has no page')
  requireSize(directory.first(tags.width) ?? 0, directory.first(tags.height) ?? 0, maxMegapixels)
  const { how } = routeOf(tiff, directory)
  const { changes: recompressed, strips } = await recompress(tiff, directory, maxMegapixels)
  const changes = new Map([...withPhotometric(directory), ...recompressed])
  const rewrite = (more: readonly [number, number[]][], kept = strips): Buffer =>
    rewriteTiff(tiff, directory, new Map([...changes, ...more]), kept)
  switch (how) {
    case 'lightness':
      return { file: rewrite([[tags.photometric, [rgb]]]), rest: { kind: 'lightness' } }
    case 'strips':
      return { file: rewrite([...asNewJpeg(directory)]), rest: { kind: 'nothing' } }
    case 'tables':
      return {
        file: rewrite([...asNewJpeg(directory)], jpegsOf(tiff, directory, strips)),
        rest: { kind: 'nothing' },
      }
    case 'planes': {
      const colours = coloursOf(directory)
      return {
        file: rewrite(
          firstPlanes(directory, colours),
          strips.slice(0, perPlane(directory, strips) * colours),
        ),
        rest: { kind: 'nothing' },
      }
    }
    case 'unpack': {
      const rest = packingOf(tiff, directory)
      return { file: rewrite(asBytes(directory, rest)), rest: { kind: 'unpack', ...rest } }
    }
    case 'as it is':
    case 'stream':
    case 'recompress':
      return { file: rewrite([]), rest: { kind: 'nothing' } }
  }
}

function packingOf({ isLittle }: TiffFile, directory: TiffDirectory): Packing {
  return {
    bits: directory.first(tags.bitsPerSample) ?? 8,
    width: directory.first(tags.width) ?? 0,
    samples: directory.first(tags.samplesPerPixel) ?? 1,
    colours: coloursOf(directory),
    isLittle,
    isDifferenced: directory.first(tags.predictor) === predicted,
    isInverted: directory.first(tags.photometric) === whiteIsZero,
    orientation: directory.first(tags.orientation),
  }
}

/** Describes rows of samples as rows of bytes. */
function asBytes(
  directory: TiffDirectory,
  { width, samples, bits }: Packing,
): [number, number[]][] {
  const bytesIn = (pixels: number): number[] => [Math.ceil((pixels * samples * bits) / 8)]
  const tileWidth = directory.first(tags.tileWidth)
  return [
    [tags.width, bytesIn(width)],
    ...(tileWidth === undefined
      ? []
      : [[tags.tileWidth, bytesIn(tileWidth)] as [number, number[]]]),
    [tags.bitsPerSample, [8]],
    [tags.samplesPerPixel, [1]],
    [tags.extraSamples, []],
    [tags.predictor, [1]],
    [tags.photometric, [blackIsZero]],
    [tags.orientation, [1]],
  ]
}

/** The fields of old-style JPEG, from its process to its tables. */
const withoutOldJpeg: readonly [number, number[]][] = Array.from({ length: 10 }, (_, index) => [
  tags.jpegProcess + index,
  [],
])

const asNewJpeg = (directory: TiffDirectory): Map<number, number[]> =>
  new Map([
    [tags.photometric, [photometricOf(directory)]],
    [tags.compression, [jpeg]],
    ...withoutOldJpeg,
  ])

const perPlane = (directory: TiffDirectory, strips: readonly Buffer[]): number =>
  Math.ceil(strips.length / Math.max(1, directory.first(tags.samplesPerPixel) ?? 1))

function firstPlanes(directory: TiffDirectory, colours: 1 | 3 | 4): [number, number[]][] {
  const bits = directory.values(tags.bitsPerSample).slice(0, colours)
  return [
    [tags.samplesPerPixel, [colours]],
    [tags.bitsPerSample, bits],
    [tags.extraSamples, []],
    [tags.subsampling, []],
    [tags.sampleFormat, []],
    ...(colours === 1 ? [[tags.photometric, [greyOf(directory)]] as [number, number[]]] : []),
  ]
}

/** The first plane of YCbCr is grey. */
const greyOf = (directory: TiffDirectory): number =>
  photometricOf(directory) === whiteIsZero ? whiteIsZero : blackIsZero

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
