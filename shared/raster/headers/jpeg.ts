import type { ImageHeader } from './image-header.ts'

export interface JpegHeader extends ImageHeader {
  components: number
  sampleBytes: 1 | 2
  /** Most decoders support `huffman` only. */
  coding: 'huffman' | 'arithmetic' | 'lossless' | 'hierarchical'
  /**
   * Of the whole image, which a decoder holds where the JPEG is progressive or has a scan per component; otherwise 0.
   */
  coefficientBytes: number
}

/** No camera writes more; a file of padding must not cost a pass over all of it. */
const maxSegments = 10_000
const maxPadding = 1_000_000
const startOfScan = 0xda
const endOfImage = 0xd9

/** Reads the frame header (ITU T.81, B.2.2) and the first scan's. Undefined where the first segments contain none. */
export function readJpegHeader(bytes: Buffer): JpegHeader | undefined {
  let frame: Frame | undefined
  let at = 2
  let padding = 0
  for (let segments = 0; segments < maxSegments; segments += 1) {
    at = bytes.indexOf(0xff, at) // Decoders skip bytes between segments.
    while (at >= 0 && bytes[at + 1] === 0xff && padding < maxPadding) {
      at += 1
      padding += 1
    }
    if (at < 0 || at + 4 > bytes.length) return toHeader(frame)
    const marker = bytes[at + 1] ?? 0
    if (marker === endOfImage) return toHeader(frame)
    if (!hasLength(marker)) {
      at += 2
      continue
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    const segment = bytes.subarray(at + 4, end)
    if (marker === startOfScan) {
      return toHeader(frame, segment[0])
    }
    if (isFrame(marker)) frame ??= toFrame(marker, segment)
    at = end
  }
  return toHeader(frame)
}

interface Frame extends ImageHeader {
  marker: number
  precision: number
  /** Each component's share of the image: 1, or 0.25 where it is halved in both directions. */
  shares: number[]
}

const coefficientBytes = 2

function toHeader(frame: Frame | undefined, inScan?: number): JpegHeader | undefined {
  if (frame === undefined) return undefined
  const { marker, precision, width, height, shares } = frame
  const isBuffered = !sequential.has(marker) || (inScan ?? shares.length) < shares.length
  const samples = shares.reduce((sum, share) => sum + share, 0) * width * height
  return {
    width,
    height,
    components: shares.length,
    sampleBytes: precision > 8 ? 2 : 1,
    coding: codingOf(marker),
    coefficientBytes: isBuffered ? coefficientBytes * samples : 0,
  }
}

/** RSTn, SOI, TEM and invalid markers have no length. */
const hasLength = (marker: number): boolean =>
  marker > 1 && marker !== 0xff && !(marker >= 0xd0 && marker <= 0xd8)

const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

const sequential: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc9])

/** By the frame's marker (ITU T.81, table B.1). */
function codingOf(marker: number): JpegHeader['coding'] {
  if ([0xc3, 0xcb].includes(marker)) return 'lossless'
  if ([0xc5, 0xc6, 0xc7, 0xcd, 0xce, 0xcf].includes(marker)) return 'hierarchical'
  return marker > 0xc8 ? 'arithmetic' : 'huffman'
}

function toFrame(marker: number, segment: Buffer): Frame | undefined {
  if (segment.length < 6) return undefined
  const factors = Array.from(
    { length: segment[5] ?? 0 },
    (_, index) => segment[7 + 3 * index] ?? 0x11,
  )
  const across = factors.map((factor) => Math.max(1, factor >> 4))
  const down = factors.map((factor) => Math.max(1, factor & 15))
  const highest = Math.max(1, ...across) * Math.max(1, ...down)
  return {
    marker,
    precision: segment[0] ?? 8,
    height: segment.readUInt16BE(1),
    width: segment.readUInt16BE(3),
    shares: across.map((each, index) => (each * (down[index] ?? 1)) / highest),
  }
}
