import type { ImageHeader } from './image-header.ts'

const imageSeparator = 0x2c
const extension = 0x21
const trailer = 0x3b
const headerBytes = 13
const descriptorBytes = 10

/** The canvas (GIF89a, 18), or the first frame where that is larger. */
export function readGifHeader(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < headerBytes) return undefined
  const canvas = { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  const at = frameAt(bytes)
  if (at === undefined || at + descriptorBytes > bytes.length) return canvas
  return {
    width: Math.max(canvas.width, bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5)),
    height: Math.max(canvas.height, bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7)),
  }
}

/**
 * Returns the file up to the end of its first frame. A decoder scans all frames before it decodes one, in time that
 * grows faster than their number (a million frames in 15 MB: 8 s). Returns the same bytes where the file has one frame.
 */
export function firstGifFrame(bytes: Buffer): Buffer {
  const at = bytes.length < headerBytes ? undefined : frameAt(bytes)
  if (at === undefined || at + descriptorBytes > bytes.length) return bytes
  const end = afterBlocks(bytes, at + descriptorBytes + paletteBytes(bytes[at + 9] ?? 0) + 1)
  if (end >= bytes.length || bytes[end] === trailer) return bytes
  return Buffer.concat([bytes.subarray(0, end), Buffer.from([trailer])])
}

/** Offset of the first image descriptor. */
function frameAt(bytes: Buffer): number | undefined {
  let at = headerBytes + paletteBytes(bytes[10] ?? 0)
  while (bytes[at] === extension) at = afterBlocks(bytes, at + 2)
  return bytes[at] === imageSeparator ? at : undefined
}

const paletteBytes = (flags: number): number =>
  (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1)

/** Skips data sub-blocks and the empty one that ends them. */
function afterBlocks(bytes: Buffer, start: number): number {
  let at = start
  for (;;) {
    const length = bytes[at] ?? 0
    at += 1 + length
    if (length === 0 || at >= bytes.length) return at
  }
}
