import { ScriptoriumError } from '../../process/errors.ts'
import {
  damaged,
  fullScale,
  requireSize,
  type Allocate,
  type Raster,
  type Samples,
} from '../raster.ts'

interface Kind {
  channels: 1 | 3
  isPlain: boolean
  isBitmap: boolean
  /** Of PAM: samples per pixel, of which the last may be the opacity. */
  depth?: number
  hasAlpha?: boolean
}

interface PnmHeader {
  kind: Kind
  width: number
  height: number
  maxValue: number
  /** Offset of the first sample, bytes. */
  start: number
}

/** netpbm's formats (pbm(5), pgm(5), ppm(5)) before PAM (pam(5)). */
const kinds: Record<string, Kind> = {
  P1: { channels: 1, isPlain: true, isBitmap: true },
  P2: { channels: 1, isPlain: true, isBitmap: false },
  P3: { channels: 3, isPlain: true, isBitmap: false },
  P4: { channels: 1, isPlain: false, isBitmap: true },
  P5: { channels: 1, isPlain: false, isBitmap: false },
  P6: { channels: 3, isPlain: false, isBitmap: false },
}

/**
 * Decodes the first image of a PBM, PGM or PPM file, plain or binary, or of a PAM file, 8 or 16 bit; transparency becomes
 * white paper. Throws `corrupt_image`, `unsupported_encoding` or `too_many_pixels`. Own code: sharp's libvips has no
 * loader for them, and `@thi.ng/pixel-io-netpbm` reads neither plain files nor colours of 16 bits.
 */
export function decodePnm<S extends Samples>(
  bytes: Buffer,
  maxMegapixels: number,
  allocate: Allocate<S>,
): Raster<S> {
  const { kind, width, height, maxValue, start } = readPnmHeader(bytes)
  requireSize(width, height, maxMegapixels)
  if (maxValue < 1 || maxValue > 65_535) throw damaged(`an invalid maximum value of ${maxValue}`)
  requireBytes(bytes.length - start, { kind, width, height, maxValue })
  const samples = allocate(width * height * kind.channels, maxValue)
  if (kind.isPlain) fillPlain(samples, bytes, start, maxValue, kind.isBitmap)
  else if (kind.isBitmap) fillBits(samples, bytes.subarray(start), width, height)
  else if (kind.depth === undefined) fillBinary(samples, bytes.subarray(start), maxValue)
  else fillTuples(samples, bytes.subarray(start), maxValue, kind)
  return { width, height, channels: kind.channels, samples, dpi: null }
}

/** Throws `corrupt_image`. */
export function readPnmHeader(bytes: Buffer): PnmHeader {
  const name = bytes.toString('latin1', 0, 2)
  if (name === 'P7') return readPamHeader(bytes)
  const kind = kinds[name]
  if (kind === undefined) throw damaged('unknown PNM format')
  const { numbers, start } = readNumbers(bytes, kind.isBitmap ? 2 : 3)
  const [width = 0, height = 0, maxValue = 1] = numbers
  return { kind, width, height, maxValue, start }
}

const maxPamHeader = 4_096
const headerEnd = 'ENDHDR\n'

/** Throws `corrupt_image`, or `unsupported_encoding` for samples that are no grey or colour levels. */
function readPamHeader(bytes: Buffer): PnmHeader {
  const text = bytes.toString('latin1', 0, maxPamHeader)
  const length = text.indexOf(headerEnd)
  if (length < 0) throw damaged('its header is incomplete')
  const header = text.slice(0, length)
  const number = (name: string): number =>
    Number(new RegExp(`^${name}[ \\t]+([0-9]{1,9})[ \\t\\r]*$`, 'm').exec(header)?.[1] ?? 0)
  const depth = number('DEPTH')
  const [, type = ''] = /^TUPLTYPE[ \t]+(\S+)/m.exec(header) ?? []
  if (depth < 1 || depth > 4) {
    const message = `is a PAM image with ${depth} samples a pixel, which is not supported; save it as PNG`
    throw new ScriptoriumError('unsupported_encoding', message)
  }
  const hasAlpha = depth === 2 || depth === 4 || type.endsWith('_ALPHA')
  const channels = depth >= 3 ? 3 : 1
  const kind: Kind = { channels, isPlain: false, isBitmap: false, depth, hasAlpha }
  const [width, height, maxValue] = [number('WIDTH'), number('HEIGHT'), number('MAXVAL')]
  return { kind, width, height, maxValue, start: length + headerEnd.length }
}

/** Checked before memory is allocated for missing samples. */
function requireBytes(
  there: number,
  { kind, width, height, maxValue }: Omit<PnmHeader, 'start'>,
): void {
  const row = width * (kind.depth ?? kind.channels)
  // A digit of a plain bitmap needs no space after it, nor does the very last number.
  const plain = kind.isBitmap ? row * height : 2 * row * height - 1
  const binary = (kind.isBitmap ? Math.ceil(row / 8) : row * (maxValue > 255 ? 2 : 1)) * height
  if (there < (kind.isPlain ? plain : binary)) throw damaged('its last rows are missing')
}

/** Numbers between white space and comments; one white-space character precedes the samples. */
function readNumbers(bytes: Buffer, count: number): { numbers: number[]; start: number } {
  const numbers: number[] = []
  let offset = 2
  while (numbers.length < count) {
    const rest = bytes.toString('latin1', offset, offset + 4_096)
    const found = /^(?:\s|#[^\n\r]*[\n\r])*([0-9]{1,9})(?=[\s#])/.exec(rest)
    if (found === null) throw damaged('its header is incomplete')
    numbers.push(Number(found[1]))
    offset += found[0].length
  }
  return { numbers, start: offset + 1 }
}

/** A set bit is ink. */
function fillBits(samples: Samples, data: Buffer, width: number, height: number): void {
  const stride = Math.ceil(width / 8)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const byte = data[y * stride + (x >> 3)] ?? 0
      samples[y * width + x] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255
    }
  }
}

function fillBinary(samples: Samples, data: Buffer, maxValue: number): void {
  const size = maxValue > 255 ? 2 : 1
  if (maxValue === 255) {
    samples.set(data.subarray(0, samples.length))
    return
  }
  const full = fullScale(samples)
  const scale = full / maxValue
  for (let index = 0; index < samples.length; index += 1) {
    const value = size === 2 ? data.readUInt16BE(2 * index) : (data[index] ?? 0)
    samples[index] = Math.min(full, Math.round(value * scale))
  }
}

/** Samples of PAM: the opacity follows the colour, and transparent pixels show white paper. */
function fillTuples(
  samples: Samples,
  data: Buffer,
  maxValue: number,
  { channels, depth = channels, hasAlpha = false }: Kind,
): void {
  const isDeep = maxValue > 255
  const full = fullScale(samples)
  const valueAt = (index: number): number =>
    Math.min(1, (isDeep ? data.readUInt16BE(2 * index) : (data[index] ?? 0)) / maxValue)
  for (let pixel = 0; pixel < samples.length / channels; pixel += 1) {
    const opacity = hasAlpha ? valueAt(pixel * depth + depth - 1) : 1
    for (let channel = 0; channel < channels; channel += 1) {
      const value = valueAt(pixel * depth + channel) * opacity + 1 - opacity
      samples[pixel * channels + channel] = Math.round(full * value)
    }
  }
}

const newline = 10
const hash = 35
const zero = 48

/** Digits in text; those of a bitmap need no white space between them. */
function fillPlain(
  samples: Samples,
  bytes: Buffer,
  start: number,
  maxValue: number,
  isBitmap: boolean,
): void {
  const full = fullScale(samples)
  const scale = full / maxValue
  let filled = 0
  let value = -1
  const end = (): void => {
    if (value >= 0 && filled < samples.length) {
      samples[filled] = isBitmap
        ? value === 0
          ? 255
          : 0
        : Math.min(full, Math.round(value * scale))
      filled += 1
    }
    value = -1
  }
  for (let offset = start; offset < bytes.length && filled < samples.length; offset += 1) {
    const byte = bytes[offset] ?? 0
    const digit = byte - zero
    if (digit >= 0 && digit <= 9) {
      value = Math.min(65_536, Math.max(0, value) * 10 + digit)
      if (isBitmap) end()
    } else {
      end()
      if (byte === hash) offset = lineEnd(bytes, offset)
    }
  }
  end()
  if (filled < samples.length) throw damaged('its last rows are missing')
}

function lineEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(newline, start)
  return end === -1 ? bytes.length : end
}
