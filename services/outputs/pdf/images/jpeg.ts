import { tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import {
  fittingProfile,
  type Colour,
  type StoredOrientation,
  type Picture,
  type PictureHead,
} from '../../decoder/picture.ts'

interface Frame {
  marker: number
  precision: number
  width: number
  height: number
  components: number[]
  /** The colour transform of an Adobe marker: 0 none, 1 YCbCr, 2 YCCK; undefined without the marker. */
  adobe: number | undefined
  orientation: StoredOrientation
  profile: Uint8Array | undefined
}

/** The codings that every PDF decoder reads: baseline, extended and progressive Huffman. */
const readableFrames = new Set([0xc0, 0xc1, 0xc2])

/**
 * A JPEG file unchanged, byte for byte. Undefined where a PDF cannot hold it (12 bits, arithmetic coding, damage).
 * Own code: sharp tells neither how a file is coded nor its Adobe marker.
 */
export function readJpeg(bytes: Uint8Array): Picture | undefined {
  const head = readJpegHead(bytes)
  if (head === undefined) return undefined
  const { width, height, colour, bits, entries } = head
  return { width, height, colour, bits, entries, data: [bytes] }
}

/** Parses a JPEG's segments up to its frame; undefined where a PDF cannot hold it, or they end before. */
export function readJpegHead(
  bytes: Uint8Array,
): (PictureHead & { orientation: StoredOrientation }) | undefined {
  const frame = readFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (frame === undefined || !readableFrames.has(frame.marker) || frame.precision !== 8)
    return undefined
  const { width, height, components, adobe, orientation, profile } = frame
  const colour = colourOf(components.length, profile)
  if (colour === undefined || width === 0 || height === 0) return undefined
  const isPlainRgb = adobe === undefined && String.fromCharCode(...components) === 'RGB'
  const entries = [
    '/Filter/DCTDecode',
    isPlainRgb ? '/DecodeParms<</ColorTransform 0>>' : '',
    colour.kind === 'cmyk' && adobe !== undefined ? '/Decode[1 0 1 0 1 0 1 0]' : '',
  ].join('')
  return { width, height, colour, bits: 8, entries, orientation }
}

function colourOf(components: number, profile?: Uint8Array): Colour | undefined {
  if (components === 1) return { kind: 'grey', ...fittingProfile('grey', profile) }
  if (components === 3) return { kind: 'rgb', ...fittingProfile('rgb', profile) }
  return components === 4 ? { kind: 'cmyk' } : undefined
}

function readFrame(bytes: Buffer): Frame | undefined {
  const told: Pick<Frame, 'adobe' | 'orientation' | 'profile'> = {
    adobe: undefined,
    orientation: 1,
    profile: undefined,
  }
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    const length = bytes.readUInt16BE(at + 2)
    const segment = bytes.subarray(at + 4, at + 2 + length)
    if (marker === 0xda) return undefined
    if (marker === 0xe1 && told.orientation === 1) told.orientation = readOrientation(segment)
    if (marker === 0xe2) told.profile ??= takeProfile(segment)
    if (marker === 0xee && segment.length >= 12 && segment.toString('latin1', 0, 5) === 'Adobe') {
      told.adobe = segment[11]
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame && segment.length >= 6) return { ...toFrame(marker, segment), ...told }
    at += 2 + length
  }
  return undefined
}

function toFrame(
  marker: number,
  segment: Buffer,
): Pick<Frame, 'marker' | 'precision' | 'height' | 'width' | 'components'> {
  const components = Array.from(
    { length: segment[5] ?? 0 },
    (_, index) => segment[6 + index * 3] ?? 0,
  )
  return {
    marker,
    precision: segment[0] ?? 0,
    height: segment.readUInt16BE(1),
    width: segment.readUInt16BE(3),
    components,
  }
}

const exif = 'Exif\0\0'
const icc = 'ICC_PROFILE\0'
const short = 3

/**
 * The orientation in an APP1 segment (Exif 2.32, 4.6.4 and 4.7.2); 1, upright, where it has none. `readTiff` would reject
 * a segment that is damaged behind it.
 */
function readOrientation(segment: Buffer): StoredOrientation {
  if (segment.toString('latin1', 0, exif.length) !== exif) return 1
  const tiff = segment.subarray(exif.length)
  if (tiff.length < 8) return 1
  const isLittle = tiff.toString('latin1', 0, 2) === 'II'
  const two = (at: number): number =>
    at + 2 > tiff.length ? 0 : isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)
  const first = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  for (let index = 0; index < two(first); index += 1) {
    const entry = first + 2 + 12 * index
    if (entry + 12 > tiff.length) return 1
    if (two(entry) !== tags.orientation) continue
    const value = two(entry + 2) === short ? two(entry + 8) : 0
    return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/**
 * The colour profile in an APP2 segment (ICC.1:2022, B.4), where one segment holds all of it: a longer one is not
 * embedded.
 */
function takeProfile(segment: Buffer): Uint8Array | undefined {
  const isWhole = segment[icc.length] === 1 && segment[icc.length + 1] === 1
  if (!isWhole || segment.toString('latin1', 0, icc.length) !== icc) return undefined
  return segment.subarray(icc.length + 2)
}
