import { ScriptoriumError } from '../../process/errors.ts'
import type { TiffDirectory, TiffFile } from './tiff-directory.ts'
import { hasJpegTables } from './old-jpeg.ts'
import { compressions, photometrics, separatePlanes, tags } from './tiff-tags.ts'

/** Compressions of a page's samples that libvips' prebuilt libtiff decodes. */
const { oldJpeg, lzma, zstd } = compressions
const notDecodable: ReadonlySet<number> = new Set([oldJpeg, lzma, zstd])
const decodable: ReadonlySet<number> = new Set(
  Object.values(compressions).filter((compression) => !notDecodable.has(compression)),
)
const names: ReadonlyMap<number, string> = new Map<number, string>([
  [oldJpeg, 'old-style JPEG without a whole stream'],
  [32_766, 'NeXT'],
  [32_809, 'ThunderScan'],
  [34_661, 'JBIG'],
  [34_676, 'SGI Log'],
  [34_712, 'JPEG 2000'],
  [34_887, 'LERC'],
  [34_933, 'PNG'],
  [50_002, 'JPEG XL'],
])
const faxes: ReadonlySet<number> = new Set([
  compressions.huffman,
  compressions.fax3,
  compressions.fax4,
])
const { whiteIsZero, blackIsZero, rgb, separated, ycbcr, cieLab, iccLab, ituLab } = photometrics
const lab: ReadonlySet<number> = new Set([cieLab, iccLab, ituLab])
/** A value of `extraSamples`. */
const unspecified = 0

/** Conversion of a page that sharp needs before it can decode it. */
type TiffRoute =
  | { how: 'as it is' }
  /** The encoded file to decode instead. */
  | { how: 'stream'; start: number; end: number }
  /** Its strips are compressed again, in a way that libtiff supports. */
  | { how: 'recompress' }
  /** Samples of a depth, or in a number, that libvips does not support are decoded as bytes and then unpacked. */
  | { how: 'unpack' }
  /** Of samples in planes of their own, only the first planes are decoded. */
  | { how: 'planes' }
  /** Each strip is a JPEG file: as new-style JPEG libtiff decodes it. */
  | { how: 'strips' }
  /** Its strips lack the tables of JPEG, which the page's fields name. */
  | { how: 'tables' }
  /** L*a*b* is decoded as if it were RGB: its first channel is the lightness. */
  | { how: 'lightness' }

/**
 * Returns the conversion that a page needs. Throws `unsupported_encoding`, with the cure, where it cannot be decoded.
 */
export function routeOf({ bytes }: TiffFile, directory: TiffDirectory): TiffRoute {
  const compression = directory.first(tags.compression) ?? 1
  const bits = directory.values(tags.bitsPerSample)
  if (compression === oldJpeg) return oldJpegRoute(bytes, directory)
  const isRecompressed = compression === lzma || compression === zstd
  if (!decodable.has(compression) && !isRecompressed) {
    throw unsupported(names.get(compression) ?? `compression ${compression}`)
  }
  // The black and white levels of signed, floating-point and 32-bit samples are unknown.
  const isPicture = directory
    .values(tags.sampleFormat)
    .every((format) => format === 1 || format === 4)
  if (!isPicture || bits.some((depth) => depth > 16))
    throw unsupported('samples that are no grey or colour levels')
  if (bits.some((depth) => ![1, 2, 4, 8, 16].includes(depth))) {
    requirePlain(directory, bits)
    return { how: 'unpack' }
  }
  const photometric = photometricOf(directory)
  if (isOdd(directory, compression)) {
    if (directory.first(tags.planarConfiguration) === separatePlanes) return { how: 'planes' }
    requireUnpackable(directory, bits)
    return { how: 'unpack' }
  }
  if (lab.has(photometric) && bits.every((depth) => depth === 8)) return { how: 'lightness' }
  return isRecompressed ? { how: 'recompress' } : { how: 'as it is' }
}

const unsupported = (what: string): ScriptoriumError =>
  new ScriptoriumError(
    'unsupported_encoding',
    `is a TIFF with ${what}, which is not supported; save it with LZW or Deflate compression`,
  )

/** Meaning of the samples, by the common default where the field is missing. */
export function photometricOf(directory: TiffDirectory): number {
  const given = directory.first(tags.photometric)
  if (given !== undefined) return given
  const compression = directory.first(tags.compression) ?? 1
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  if (samples >= 3) return compression === compressions.jpeg ? ycbcr : rgb
  return faxes.has(compression) ? whiteIsZero : blackIsZero
}

/**
 * The number of a pixel's first samples that make its colour: of YCbCr, and of everything unknown, the first one is the
 * lightness.
 */
export function coloursOf(directory: TiffDirectory): 1 | 3 | 4 {
  const photometric = photometricOf(directory)
  if (photometric === rgb) return 3
  return photometric === separated ? 4 : 1
}

/**
 * Whether libvips would fail or mistake the samples: with unknown ones, or as YCbCr, which it decodes only from JPEG
 * and with fewer samples of colour.
 */
function isOdd(directory: TiffDirectory, compression: number): boolean {
  if (compression === compressions.jpeg || lab.has(photometricOf(directory))) return false
  const samples = directory.first(tags.samplesPerPixel) ?? 1
  if (photometricOf(directory) !== ycbcr) return hasUnknown(directory, samples)
  const isApart = directory.first(tags.planarConfiguration) === separatePlanes
  // Missing, it is 2 by 2.
  return isApart || directory.values(tags.subsampling).every((each) => each === 1)
}

/**
 * Whether a pixel has samples that are neither colour nor transparency: libvips takes the first of them for
 * transparency, and does not decode more than one.
 */
function hasUnknown(directory: TiffDirectory, samples: number): boolean {
  const extra = samples - coloursOf(directory)
  const depth = directory.first(tags.bitsPerSample) ?? 1
  const [meaning = unspecified] = directory.values(tags.extraSamples)
  return extra > 1 || (extra === 1 && meaning === unspecified && depth >= 8)
}

function requireUnpackable(directory: TiffDirectory, bits: readonly number[]): void {
  const [depth = 1] = bits
  const predictor = directory.first(tags.predictor) ?? 1
  const isKnown = (depth === 8 && predictor <= 2) || (depth === 16 && predictor === 1)
  if (isKnown && bits.every((each) => each === depth)) return
  throw unsupported(`${bits.length} samples of ${bits.join(', ')} bits a pixel`)
}

/**
 * Old-style JPEG (TIFF 6.0, section 22) is readable where it holds a whole JPEG file, as nearly all do, or one in each
 * strip, or the tables for its strips.
 */
function oldJpegRoute(bytes: Buffer, directory: TiffDirectory): TiffRoute {
  const strips = directory.values(tags.stripOffsets)
  const [strip] = strips
  const isStream = (at: number | undefined): boolean =>
    at !== undefined && bytes[at] === 0xff && bytes[at + 1] === 0xd8
  if (strips.length > 1 && strips.every(isStream)) return { how: 'strips' }
  const places = [directory.first(tags.jpegOffset), strips.length === 1 ? strip : undefined]
  const start = places.find(isStream)
  if (start === undefined && strips.length > 0 && hasJpegTables(directory)) return { how: 'tables' }
  if (start === undefined) throw unsupported(names.get(oldJpeg) ?? '')
  const length = directory.first(tags.jpegLength)
  const stripEnd = (strip ?? 0) + (directory.first(tags.stripByteCounts) ?? 0)
  const end = length !== undefined && length > 0 && start !== strip ? start + length : stripEnd
  return { how: 'stream', start, end: Math.min(bytes.length, end > start ? end : bytes.length) }
}

/** Accepts only the layout of scanners: strips, interleaved samples, no predictor. */
function requirePlain(directory: TiffDirectory, bits: readonly number[]): void {
  const isPlain =
    directory.first(tags.stripOffsets) !== undefined &&
    (directory.first(tags.planarConfiguration) ?? 1) === 1 &&
    (directory.first(tags.predictor) ?? 1) === 1 &&
    (directory.first(tags.sampleFormat) ?? 1) === 1 &&
    bits.every((depth) => depth === bits[0] && depth > 8 && depth < 16)
  if (!isPlain) throw unsupported(`${bits.join(', ')} bits a sample`)
}
