import type { ImageHeader } from './image-header.ts'

export interface PngHeader extends ImageHeader {
  /** Bytes per decoded pixel: palettes become RGB, fewer than 8 bits become 8. */
  pixelBytes: number
  isInterlaced: boolean
}

const channelsByColourType: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [2, 3],
  [3, 4],
  [4, 2],
  [6, 4],
])

/** Reads the IHDR chunk, which comes first (PNG 11.2.2). Undefined where it does not. */
export function readPngHeader(bytes: Buffer): PngHeader | undefined {
  if (bytes.length < 29 || bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined
  const channels = channelsByColourType.get(bytes[25] ?? -1)
  if (channels === undefined) return undefined
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    pixelBytes: channels * (bytes[24] === 16 ? 2 : 1),
    isInterlaced: bytes[28] !== 0,
  }
}
