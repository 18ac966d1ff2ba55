import { ScriptoriumError } from '../../process/errors.ts'

/** Properties of a JPEG 2000 file that need no decoding. */
export interface Jp2Header {
  width: number
  height: number
  components: number
  tiles: number
  /** Decoders expand the one component to three. */
  hasPalette: boolean
  /** ISO 15444-15: needs another decoder. */
  isHighThroughput: boolean
}

const startOfCodestream = Buffer.from('ff4fff51', 'hex')

/**
 * Reads the size marker (ISO 15444-1, A.5.1) of the first codestream, in a JP2 file or bare. Throws `corrupt_image`
 * without one.
 */
export function readJp2Header(bytes: Buffer): Jp2Header {
  const start = bytes.indexOf(startOfCodestream)
  if (start < 0 || bytes.length < start + 42) {
    throw new ScriptoriumError('corrupt_image', 'is damaged or truncated (no codestream)')
  }
  const number = (offset: number): number => bytes.readUInt32BE(start + offset)
  const width = number(8) - number(16)
  const height = number(12) - number(20)
  const components = bytes.readUInt16BE(start + 40)
  if (width < 1 || height < 1 || components < 1) {
    throw new ScriptoriumError('corrupt_image', 'is damaged or truncated (its size is invalid)')
  }
  const across = Math.ceil((number(8) - number(32)) / Math.max(1, number(24)))
  const tiles = across * Math.ceil((number(12) - number(36)) / Math.max(1, number(28)))
  const hasPalette = bytes.subarray(0, start).includes('pclr')
  // Its marker of extended capabilities follows the size marker.
  const next = start + 4 + bytes.readUInt16BE(start + 4)
  const isHighThroughput = bytes[next] === 0xff && bytes[next + 1] === 0x50
  return { width, height, components, tiles, hasPalette, isHighThroughput }
}
