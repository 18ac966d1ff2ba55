import type { ReadableType } from '../../files/media-types.ts'
import { readTiff, type TiffDirectory } from '../tiff/tiff-directory.ts'
import { tags } from '../tiff/tiff-tags.ts'

/** Factors that make the pixels of an image square; 1 along the finer side. */
export interface PixelShape {
  across: number
  down: number
}

const square: PixelShape = { across: 1, down: 1 }
/** Rounding explains less; more than a fax has is no resolution. */
const [minRatio, maxRatio] = [1.02, 4]

/** The shape of the pixels of a file's first page, by the resolutions in its header. */
export function pixelShapeOf(bytes: Buffer, mediaType: ReadableType): PixelShape {
  switch (mediaType) {
    case 'image/tiff': {
      const directory = readTiff(bytes, 1).page(0)
      return directory === undefined ? square : tiffPixelShapeOf(directory)
    }
    case 'image/png':
      return ofPng(bytes)
    case 'image/jpeg':
      return ofJpeg(bytes)
    case 'image/bmp':
      return bytes.length < 46 ? square : shapeOf(bytes.readInt32LE(38), bytes.readInt32LE(42))
    default:
      return square
  }
}

export const tiffPixelShapeOf = (directory: TiffDirectory): PixelShape =>
  shapeOf(directory.first(tags.xResolution) ?? 0, directory.first(tags.yResolution) ?? 0)

export const isSquare = ({ across, down }: PixelShape): boolean => across === down

function shapeOf(x: number, y: number): PixelShape {
  const ratio = Math.max(x, y) / Math.min(x, y)
  const isShape = x > 0 && y > 0 && ratio >= minRatio && ratio <= maxRatio
  return isShape ? { across: Math.max(1, y / x), down: Math.max(1, x / y) } : square
}

const pngHeaderBytes = 33
const maxChunks = 100

/** The pHYs chunk precedes the pixels (PNG 11.3.4.3). */
function ofPng(bytes: Buffer): PixelShape {
  let at = pngHeaderBytes
  for (let chunks = 0; chunks < maxChunks && at + 16 <= bytes.length; chunks += 1) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'pHYs') return shapeOf(bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12))
    if (type === 'IDAT') return square
    at += 12 + bytes.readUInt32BE(at)
  }
  return square
}

/** JFIF is the first segment, where it is there. */
function ofJpeg(bytes: Buffer): PixelShape {
  const isJfif = bytes.length >= 18 && bytes.toString('latin1', 6, 11) === 'JFIF\0'
  return isJfif ? shapeOf(bytes.readUInt16BE(14), bytes.readUInt16BE(16)) : square
}
