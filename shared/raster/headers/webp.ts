import type { ImageHeader } from './image-header.ts'

const riffBytes = 12
const maxChunks = 1_000

/** The canvas (VP8X), or the first frame where that is larger. Undefined where the first chunks contain neither. */
export function readWebpHeader(bytes: Buffer): ImageHeader | undefined {
  let found: ImageHeader | undefined
  let at = riffBytes
  for (let chunks = 0; chunks < maxChunks && at + 8 <= bytes.length; chunks += 1) {
    const type = bytes.toString('latin1', at, at + 4)
    const content = bytes.subarray(at + 8)
    // An animation's frame contains nested chunks, after 16 bytes.
    const isFrame = type === 'ANMF'
    const size = isFrame ? undefined : sizeOf(type, content)
    if (size !== undefined) found = larger(found, size)
    if (type === 'VP8 ' || type === 'VP8L') return found
    const length = bytes.readUInt32LE(at + 4)
    at += isFrame ? 24 : 8 + length + (length & 1)
  }
  return found
}

const larger = (a: ImageHeader | undefined, b: ImageHeader): ImageHeader => ({
  width: Math.max(a?.width ?? 0, b.width),
  height: Math.max(a?.height ?? 0, b.height),
})

/** RFC 9649: sections 2.7 (VP8X), 3.4 (VP8L); RFC 6386, section 9.1 (VP8). */
function sizeOf(type: string, content: Buffer): ImageHeader | undefined {
  if (content.length < 10) return undefined
  switch (type) {
    case 'VP8X':
      return { width: 1 + content.readUIntLE(4, 3), height: 1 + content.readUIntLE(7, 3) }
    case 'VP8L': {
      const bits = content.readUInt32LE(1)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    }
    case 'VP8 ':
      return { width: content.readUInt16LE(6) & 0x3fff, height: content.readUInt16LE(8) & 0x3fff }
    default:
      return undefined
  }
}

/** Chunks of an animation that stay, once each, in its order: canvas, colours, orientation. */
const kept: ReadonlySet<string> = new Set(['VP8X', 'ICCP', 'ANIM', 'ANMF', 'EXIF'])

/**
 * Returns an animation cut down to its first frame: a decoder scans all frames at each opening, in time that grows with
 * the square of their number (20 000 in 1 MB: 0.5 s). Returns the same bytes where there is one frame.
 */
export function firstWebpFrame(bytes: Buffer): Buffer {
  const parts = new Map<string, Buffer>()
  let frames = 0
  for (let at = riffBytes; at + 8 <= bytes.length;) {
    const type = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const end = at + 8 + length + (length & 1)
    if (type === 'ANMF') frames += 1
    if (kept.has(type) && !parts.has(type)) parts.set(type, bytes.subarray(at, end))
    at = end
  }
  if (frames <= 1) return bytes
  const file = Buffer.concat([bytes.subarray(0, riffBytes), ...parts.values()])
  file.writeUInt32LE(file.length - 8, 4)
  return file
}
