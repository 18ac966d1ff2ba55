import { crc32 } from 'node:zlib'

/** Offset of the first block's header: after the stream's (xz-file-format 1.1, section 2.1.1). */
const blockAt = 12
const streamHeader = Buffer.from('fd377a585a00', 'hex')
const noCheck = 0
const deltaFilter = 3
const deltaBytes = 3

/**
 * Removes the delta filter, which libtiff always puts before LZMA, from an .xz stream's header: the decoder on npm (XZ
 * Embedded) does not support it. Returns the distance to undo afterwards, 0 for none. A stream with a checksum stays
 * unchanged, because its checksum covers the samples; libtiff writes none.
 */
export function withoutDelta(strip: Buffer): { strip: Buffer; distance: number } {
  const untouched = { strip, distance: 0 }
  const isPlain =
    strip.length > blockAt + 8 &&
    streamHeader.equals(strip.subarray(0, streamHeader.length)) &&
    strip[7] === noCheck
  const flags = strip[blockAt + 1] ?? 0
  // Exactly two filters, and no sizes before them.
  if (!isPlain || flags !== 1 || strip[blockAt + 2] !== deltaFilter) return untouched
  const end = blockAt + 4 * ((strip[blockAt] ?? 0) + 1)
  const header = Buffer.from(strip.subarray(blockAt, end))
  const distance = (header[4] ?? 0) + 1
  header[1] = 0 // One filter.
  header.copyWithin(2, 2 + deltaBytes, header.length - 4)
  header.fill(0, header.length - 4 - deltaBytes)
  header.writeUInt32LE(crc32(header.subarray(0, -4)), header.length - 4)
  return {
    strip: Buffer.concat([strip.subarray(0, blockAt), header, strip.subarray(end)]),
    distance,
  }
}

/** Adds to each byte the one `distance` before it. */
export function undoDelta(bytes: Buffer, distance: number): Buffer {
  if (distance === 0) return bytes
  for (let index = distance; index < bytes.length; index += 1) {
    bytes[index] = ((bytes[index] ?? 0) + (bytes[index - distance] ?? 0)) & 255
  }
  return bytes
}
