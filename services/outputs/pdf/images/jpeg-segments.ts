import { tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import type { Orientation } from '../../decoder/picture.ts'

const exif = 'Exif\0\0'
const icc = 'ICC_PROFILE\0'
const short = 3

/**
 * The orientation in an APP1 segment (Exif 2.32, 4.6.4 and 4.7.2); 1, upright, where it has none. `readTiff` would reject
 * a segment that is damaged behind it.
 */
export function readOrientation(segment: Buffer): Orientation {
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
export function takeProfile(segment: Buffer): Uint8Array | undefined {
  const isWhole = segment[icc.length] === 1 && segment[icc.length + 1] === 1
  if (!isWhole || segment.toString('latin1', 0, icc.length) !== icc) return undefined
  return segment.subarray(icc.length + 2)
}
