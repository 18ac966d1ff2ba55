import { ScriptoriumError } from '../../process/errors.ts'
import type { TiffDirectory, TiffFile } from './tiff-directory.ts'
import { compressions, photometrics, tags } from './tiff-tags.ts'

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
const { cieLab, iccLab, ituLab } = photometrics
const lab: ReadonlySet<number> = new Set([cieLab, iccLab, ituLab])

/** Conversion of a page that sharp needs before it can decode it. */
type TiffRoute =
  | { how: 'as it is' }
  /** The encoded file to decode instead. */
  | { how: 'stream'; start: number; end: number }
  /** Its strips are compressed again, in a way that libtiff supports. */
  | { how: 'recompress' }
  /** Samples of a depth that libvips does not support are decoded as bytes and then unpacked. */
  | { how: 'unpack' }
  /** L*a*b* is decoded as if it were RGB: its first channel is the lightness. */
  | { how: 'lightness' }

/**
 * Returns the conversion that a page needs. Throws `unsupported_encoding`, with the cure, where it cannot be decoded.
 */
export function routeOf({ bytes }: TiffFile, directory: TiffDirectory): TiffRoute {
  const compression = directory.first(tags.compression) ?? 1
  const bits = directory.values(tags.bitsPerSample)
  if (compression === oldJpeg) return streamOf(bytes, directory)
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
  const photometric = directory.first(tags.photometric) ?? photometrics.blackIsZero
  if (lab.has(photometric) && bits.every((depth) => depth === 8)) return { how: 'lightness' }
  return isRecompressed ? { how: 'recompress' } : { how: 'as it is' }
}

const unsupported = (what: string): ScriptoriumError =>
  new ScriptoriumError(
    'unsupported_encoding',
    `is a TIFF with ${what}, which is not supported; save it with LZW or Deflate compression`,
  )

/** Old-style JPEG (TIFF 6.0, section 22) is readable where it holds a whole JPEG file, as nearly all do. */
function streamOf(bytes: Buffer, directory: TiffDirectory): TiffRoute {
  const strip = directory.first(tags.stripOffsets)
  const isWhole = directory.fields.get(tags.stripOffsets)?.count === 1
  const places = [directory.first(tags.jpegOffset), isWhole ? strip : undefined]
  const isStream = (at: number | undefined): boolean =>
    at !== undefined && bytes[at] === 0xff && bytes[at + 1] === 0xd8
  const start = places.find(isStream)
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
