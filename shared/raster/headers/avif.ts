import type { ImageHeader } from './image-header.ts'

interface AvifHeader extends ImageHeader {
  sampleBytes: 1 | 2
}

/** Boxes that contain boxes, and the offset of those in their content. */
const containers: ReadonlyMap<string, number> = new Map([
  ['meta', 4],
  ['iprp', 0],
  ['ipco', 0],
])
const maxBoxes = 10_000

/**
 * The largest image of a HEIF file (ISO 23008-12, 6.5.3 ispe; AV1-ISOBMFF, 2.3 av1C): more of the file would be needed
 * to find the displayed item, and a grid's canvas and its tiles are decoded together. Undefined where the first boxes
 * contain no size.
 */
export function readAvifHeader(bytes: Buffer): AvifHeader | undefined {
  const found: AvifHeader = { width: 0, height: 0, sampleBytes: 1 }
  let at = 0
  for (let boxes = 0; boxes < maxBoxes && at + 8 <= bytes.length; boxes += 1) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    const content = at + 8
    const skipped = containers.get(type)
    if (skipped !== undefined) {
      at = content + skipped
      continue
    }
    if (type === 'ispe' && content + 12 <= bytes.length) {
      found.width = Math.max(found.width, bytes.readUInt32BE(content + 4))
      found.height = Math.max(found.height, bytes.readUInt32BE(content + 8))
    }
    // high_bitdepth
    if (type === 'av1C' && ((bytes[content + 2] ?? 0) & 0x40) !== 0) found.sampleBytes = 2
    const length = lengthAt(bytes, at)
    if (length < 8) break
    at += length
  }
  return found.width > 0 && found.height > 0 ? found : undefined
}

/** 1: the length follows the type, in 8 bytes; 0: up to the end of the file. */
function lengthAt(bytes: Buffer, at: number): number {
  const short = bytes.readUInt32BE(at)
  if (short !== 1) return short === 0 ? bytes.length : short
  return at + 16 <= bytes.length ? Number(bytes.readBigUInt64BE(at + 8)) : 0
}
