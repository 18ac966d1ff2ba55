import type { TiffDirectory } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { compressions, photometrics, tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import type { Picture } from '../../decoder/picture.ts'
import { readJpeg } from './jpeg.ts'

const { fax3, fax4, jpeg } = compressions
const { whiteIsZero, blackIsZero, ycbcr } = photometrics

/**
 * A TIFF image whose compressed data a PDF holds unchanged: fax (CCITT G3 and G4) and JPEG in one strip. Undefined for
 * all others.
 */
export function readTiffImage(bytes: Buffer, image: TiffDirectory): Picture | undefined {
  const value = (tag: number, otherwise: number): number => image.first(tag) ?? otherwise
  const [offset, ...more] = image.values(tags.stripOffsets)
  const length = value(tags.stripByteCounts, 0)
  const isOne = offset !== undefined && more.length === 0 && value(tags.tileWidth, 0) === 0
  if (!isOne || length === 0 || offset + length > bytes.length) return undefined
  const strip = bytes.subarray(offset, offset + length)
  const compression = value(tags.compression, 1)
  if (compression === jpeg) return joinJpeg(strip, image, value(tags.photometric, ycbcr))
  if (compression !== fax3 && compression !== fax4) return undefined
  return readFax(strip, compression, value)
}

type Value = (tag: number, otherwise: number) => number

function readFax(strip: Buffer, compression: number, value: Value) {
  const [width, height] = [value(tags.width, 0), value(tags.height, 0)]
  const photometric = value(tags.photometric, whiteIsZero)
  const isBilevel = value(tags.bitsPerSample, 1) === 1 && value(tags.samplesPerPixel, 1) === 1
  const isKnown = photometric === whiteIsZero || photometric === blackIsZero
  // Bit 1 of either is uncompressed mode, which no reader supports.
  const options = value(compression === fax4 ? tags.t6Options : tags.t4Options, 0)
  if (!isBilevel || !isKnown || width === 0 || height === 0 || (options & 2) !== 0) return undefined
  const k = compression === fax4 ? -1 : options & 1
  const aligned = compression === fax3 && (options & 4) !== 0 ? '/EncodedByteAlign true' : ''
  const black = photometric === blackIsZero ? '/BlackIs1 true' : ''
  const end = compression === fax3 ? '/EndOfBlock false' : ''
  const parameters = `/K ${k}/Columns ${width}/Rows ${height}${aligned}${black}${end}`
  const entries = `/Filter/CCITTFaxDecode/DecodeParms<<${parameters}>>`
  const data = value(tags.fillOrder, 1) === 2 ? mirrored(strip) : strip
  return { width, height, colour: { kind: 'grey' as const }, bits: 1, entries, data: [data] }
}

/** Fill order 2 has each byte's lowest bit first. */
function mirrored(strip: Buffer): Buffer {
  const table = Buffer.from(
    Array.from({ length: 256 }, (_, byte) =>
      Number.parseInt(byte.toString(2).padStart(8, '0').split('').toReversed().join(''), 2),
    ),
  )
  return Buffer.from(strip.map((byte) => table[byte] ?? 0))
}

/** Restores the tables that a TIFF keeps separately before the strip's data. */
function joinJpeg(strip: Buffer, image: TiffDirectory, photometric: number) {
  const tables = image.raw(tags.jpegTables)
  const [start, marker] = [strip.subarray(0, 2), Buffer.from([0xff, 0xd8])]
  if (!start.equals(marker)) return undefined
  const whole =
    tables === undefined || tables.length < 4
      ? strip
      : Buffer.concat([marker, tables.subarray(2, -2), strip.subarray(2)])
  const read = readJpeg(whole)
  // Without an Adobe marker three components count as YCbCr, even if the TIFF declares otherwise.
  const isTransformed = photometric === ycbcr || read?.colour.kind !== 'rgb'
  if (read === undefined || isTransformed) return read
  return { ...read, entries: '/Filter/DCTDecode/DecodeParms<</ColorTransform 0>>' }
}
