import type { TiffDirectory, TiffFile } from '../tiff/tiff-directory.ts'
import { routeOf } from '../tiff/tiff-route.ts'
import { compressions, separatePlanes, tags } from '../tiff/tiff-tags.ts'
import type { ImageHeader } from './image-header.ts'
import { readJpegHeader, type JpegHeader } from './jpeg.ts'

export interface TiffHeader extends ImageHeader {
  pixelBytes: number
  /** Size of the tiles or planes that a decoder holds at one time, beside its rows. */
  heldBytes: number
  /** For a JPEG: of the first strip or tile, or of the whole page. */
  coefficientBytes: number
  /** Before decoding, its strips are compressed again, or its samples unpacked. */
  isRewritten: boolean
}

/** Reads one page's header. Throws `unsupported_encoding` where the page cannot be decoded. */
export function readTiffHeader(tiff: TiffFile, directory: TiffDirectory): TiffHeader {
  const value = (tag: number): number => directory.first(tag) ?? 0
  const route = routeOf(tiff, directory)
  const samples = Math.max(1, value(tags.samplesPerPixel))
  const sampleBytes = value(tags.bitsPerSample) > 8 ? 2 : 1
  const jpeg = jpegOf(tiff, directory, route)
  const size = {
    width: Math.max(value(tags.width), jpeg?.width ?? 0),
    height: Math.max(value(tags.height), jpeg?.height ?? 0),
  }
  return {
    ...size,
    pixelBytes: samples * sampleBytes,
    heldBytes: sampleBytes * heldSamples(size, samples, value),
    coefficientBytes: jpeg?.coefficientBytes ?? 0,
    isRewritten: route.how !== 'as it is' && route.how !== 'stream',
  }
}

/** Two rows of tiles; or a strip of all planes, and one of a single plane. */
function heldSamples(
  { width, height }: ImageHeader,
  samples: number,
  value: (tag: number) => number,
): number {
  const tileWidth = value(tags.tileWidth)
  if (tileWidth > 0) {
    const across = Math.ceil(width / tileWidth) * tileWidth
    return 2 * across * value(tags.tileHeight) * samples
  }
  if (value(tags.planarConfiguration) !== separatePlanes) return 0
  return Math.min(height, value(tags.rowsPerStrip) || height) * width * (samples + 1)
}

function jpegOf(
  { bytes }: TiffFile,
  directory: TiffDirectory,
  route: ReturnType<typeof routeOf>,
): JpegHeader | undefined {
  if (route.how === 'stream') return readJpegHeader(bytes.subarray(route.start, route.end))
  const isJpeg = directory.first(tags.compression) === compressions.jpeg || route.how === 'strips'
  if (!isJpeg) return undefined
  const first = directory.first(tags.tileOffsets) ?? directory.first(tags.stripOffsets)
  return first === undefined ? undefined : readJpegHeader(bytes.subarray(first))
}
