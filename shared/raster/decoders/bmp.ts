import { damaged, requireSize, soundDpi, type Raster } from '../raster.ts'
import { ScriptoriumError } from '../../process/errors.ts'

/**
 * A BMP's headers (Windows 3 to 5, and OS/2 1). Own code: `bmp-ts` swaps the colours of palettes, and both it and
 * `fast-bmp` allocate any size that a header claims.
 */
interface Header {
  width: number
  height: number
  isTopDown: boolean
  depth: number
  compression: number
  /** Offsets of the palette and of the pixels. */
  paletteAt: number
  paletteEntryBytes: 3 | 4
  paletteColours: number
  pixelsAt: number
  dpi: number | null
}

const rgb = 0
const rle8 = 1
const rle4 = 2
const bitFields = [3, 6]
const fileHeaderBytes = 14
const coreHeaderBytes = 12

/** Decodes a BMP file. Throws `corrupt_image`, `too_many_pixels` or `unsupported_encoding`. */
export function decodeBmp(bytes: Buffer, maxMegapixels: number): Raster {
  const header = readBmpHeader(bytes)
  const { width, height, isTopDown, depth, compression, dpi } = header
  requireSize(width, height, maxMegapixels)
  if (compression !== rle8 && compression !== rle4) requireRows(bytes, header)
  const samples = new Uint8Array(3 * width * height)
  const put = (x: number, row: number, [red, green, blue]: Colour): void => {
    const at = 3 * ((isTopDown ? row : height - 1 - row) * width + x)
    samples[at] = red
    samples[at + 1] = green
    samples[at + 2] = blue
  }
  if (depth <= 8) {
    const palette = readPalette(bytes, header)
    const paint = (x: number, row: number, index: number): void =>
      put(x, row, palette[index] ?? black)
    if (compression === rgb) paintIndexes(bytes, header, paint)
    else {
      samples.fill(255) // Pixels that run lengths skip are background.
      paintRuns(bytes, header, paint)
    }
  } else paintColours(bytes, header, put)
  return { width, height, channels: 3, samples, dpi }
}

type Colour = readonly [red: number, green: number, blue: number]
const black: Colour = [0, 0, 0]

/** Throws `corrupt_image` or `unsupported_encoding`. */
export function readBmpHeader(bytes: Buffer): Header {
  if (bytes.length < fileHeaderBytes + coreHeaderBytes) throw damaged('its header is incomplete')
  const headerBytes = bytes.readUInt32LE(14)
  const pixelsAt = bytes.readUInt32LE(10)
  const paletteAt = fileHeaderBytes + headerBytes
  if (headerBytes === coreHeaderBytes) {
    const core = { width: bytes.readUInt16LE(18), height: bytes.readUInt16LE(20), isTopDown: false }
    const depth = bytes.readUInt16LE(24)
    const palette = {
      paletteAt,
      paletteEntryBytes: 3,
      paletteColours: 2 ** Math.min(8, depth),
    } as const
    return { ...core, ...palette, depth, compression: rgb, pixelsAt, dpi: null }
  }
  if (headerBytes < 40 || headerBytes > 124 || bytes.length < paletteAt) {
    throw damaged(`an unknown header of ${headerBytes} bytes`)
  }
  const depth = bytes.readUInt16LE(28)
  const compression = bytes.readUInt32LE(30)
  const isKnown =
    ([1, 2, 4, 8, 16, 24, 32].includes(depth) && compression === rgb) ||
    (depth === 8 && compression === rle8) ||
    (depth === 4 && compression === rle4) ||
    ((depth === 16 || depth === 32) && bitFields.includes(compression))
  if (!isKnown) {
    const what = `${depth} bits a pixel with compression ${compression}`
    throw new ScriptoriumError('unsupported_encoding', `is a BMP of ${what}; save it as PNG`)
  }
  const masks =
    headerBytes === 40 && bitFields.includes(compression) ? (compression === 6 ? 16 : 12) : 0
  const signedHeight = bytes.readInt32LE(22)
  return {
    width: bytes.readInt32LE(18),
    height: Math.abs(signedHeight),
    isTopDown: signedHeight < 0,
    depth,
    compression,
    paletteAt: paletteAt + masks,
    paletteEntryBytes: 4,
    paletteColours: bytes.readUInt32LE(46) || 2 ** Math.min(8, depth),
    pixelsAt,
    dpi: soundDpi(bytes.readInt32LE(38) * 0.0254),
  }
}

function readPalette(bytes: Buffer, header: Header): Colour[] {
  const { paletteAt, paletteEntryBytes: size, paletteColours } = header
  const there = Math.floor((bytes.length - paletteAt) / size)
  return Array.from({ length: Math.max(0, Math.min(256, paletteColours, there)) }, (_, index) => {
    const [blue = 0, green = 0, red = 0] = bytes.subarray(paletteAt + size * index)
    return [red, green, blue]
  })
}

const strideOf = ({ width, depth }: Header): number => 4 * Math.ceil((width * depth) / 32)

/** Checked before memory is allocated for missing rows. */
function requireRows(bytes: Buffer, header: Header): void {
  if (header.pixelsAt + strideOf(header) * header.height <= bytes.length) return
  throw damaged('its last rows are missing')
}

type Paint = (x: number, row: number, index: number) => void

function paintIndexes(bytes: Buffer, header: Header, paint: Paint): void {
  const { width, height, depth, pixelsAt } = header
  const stride = strideOf(header)
  const mask = 2 ** depth - 1
  for (let row = 0; row < height; row += 1) {
    for (let x = 0; x < width; x += 1) {
      const bit = x * depth
      const byte = bytes[pixelsAt + row * stride + (bit >> 3)] ?? 0
      paint(x, row, (byte >> (8 - depth - (bit & 7))) & mask)
    }
  }
}

const nibble = (byte: number, step: number): number => (step % 2 === 0 ? byte >> 4 : byte & 15)

/** Run lengths: a count and an index (of two pixels at 4 bits), or 0 and an escape. */
function paintRuns(bytes: Buffer, { width, height, depth, pixelsAt }: Header, paint: Paint): void {
  let at = pixelsAt
  let x = 0
  let row = 0
  const next = (): number => {
    const byte = bytes[at]
    if (byte === undefined) throw damaged('its last rows are missing')
    at += 1
    return byte
  }
  const put = (index: number): void => {
    if (x < width && row < height) paint(x, row, index)
    x += 1
  }
  while (row < height) {
    const count = next()
    const value = next()
    if (count > 0) {
      for (let step = 0; step < count; step += 1) put(depth === 4 ? nibble(value, step) : value)
    } else if (value === 0) {
      x = 0
      row += 1
    } else if (value === 1) return
    else if (value === 2) {
      x += next()
      row += next()
    } else {
      let byte = 0
      for (let step = 0; step < value; step += 1) {
        if (depth === 8 || step % 2 === 0) byte = next()
        put(depth === 4 ? nibble(byte, step) : byte)
      }
      const used = depth === 4 ? Math.ceil(value / 2) : value
      if (used % 2 === 1) at += 1
    }
  }
}

function paintColours(
  bytes: Buffer,
  header: Header,
  put: (x: number, row: number, colour: Colour) => void,
): void {
  const { width, height, depth, pixelsAt } = header
  const stride = strideOf(header)
  const size = depth / 8
  const [red, green, blue] = channelsOf(bytes, header)
  for (let row = 0; row < height; row += 1) {
    for (let x = 0; x < width; x += 1) {
      const pixel = bytes.readUIntLE(pixelsAt + row * stride + x * size, size)
      put(x, row, [red(pixel), green(pixel), blue(pixel)])
    }
  }
}

type Channel = (pixel: number) => number

function channelsOf(bytes: Buffer, { depth, compression }: Header): [Channel, Channel, Channel] {
  if (bitFields.includes(compression)) {
    const mask = (index: number): number => bytes.readUInt32LE(54 + 4 * index)
    return [channel(mask(0)), channel(mask(1)), channel(mask(2))]
  }
  if (depth === 16) return [channel(0x7c00), channel(0x3e0), channel(0x1f)]
  return [channel(0xff0000), channel(0xff00), channel(0xff)]
}

/** Extracts the masked bits and scales them to 8. */
function channel(mask: number): Channel {
  if (mask === 0) return () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const maxValue = mask >>> shift
  return (pixel) => Math.round((255 * ((pixel & mask) >>> shift)) / maxValue)
}
