import {
  damaged,
  fullScale,
  requireSize,
  type Allocate,
  type Raster,
  type Samples,
} from './raster.ts'

/** netpbm's six kinds (pbm(5), pgm(5), ppm(5)). */
const kinds: Record<string, { channels: 1 | 3; isPlain: boolean; isBitmap: boolean }> = {
  P1: { channels: 1, isPlain: true, isBitmap: true },
  P2: { channels: 1, isPlain: true, isBitmap: false },
  P3: { channels: 3, isPlain: true, isBitmap: false },
  P4: { channels: 1, isPlain: false, isBitmap: true },
  P5: { channels: 1, isPlain: false, isBitmap: false },
  P6: { channels: 3, isPlain: false, isBitmap: false },
}

/** Decodes a PBM, PGM or PPM file, plain or binary, 8 or 16 bit. Throws `corrupt_image` or `too_many_pixels`. */
export function decodePnm<S extends Samples>(
  bytes: Buffer,
  maxMegapixels: number,
  allocate: Allocate<S>,
): Raster<S> {
  const kind = kinds[bytes.toString('latin1', 0, 2)]
  if (kind === undefined) throw damaged('no kind of PNM')
  const header = readHeader(bytes, kind.isBitmap ? 2 : 3)
  const [width = 0, height = 0, largest = 1] = header.numbers
  requireSize(width, height, maxMegapixels)
  if (largest < 1 || largest > 65_535) throw damaged(`a largest value of ${largest}`)
  const samples = allocate(width * height * kind.channels, largest)
  const { start } = header
  if (kind.isPlain) fillPlain(samples, bytes, start, largest, kind.isBitmap)
  else if (kind.isBitmap) fillBits(samples, bytes.subarray(start), width, height)
  else fillBinary(samples, bytes.subarray(start), largest)
  return { width, height, channels: kind.channels, samples, dpi: null }
}

/** Numbers between blanks and comments; one blank goes before the samples. */
function readHeader(bytes: Buffer, count: number): { numbers: number[]; start: number } {
  const numbers: number[] = []
  let offset = 2
  while (numbers.length < count) {
    const rest = bytes.toString('latin1', offset, offset + 4_096)
    const found = /^(?:\s|#[^\n\r]*[\n\r])*([0-9]{1,9})(?=[\s#])/.exec(rest)
    if (found === null) throw damaged('its header is not complete')
    numbers.push(Number(found[1]))
    offset += found[0].length
  }
  return { numbers, start: offset + 1 }
}

/** A set bit is ink. */
function fillBits(samples: Samples, data: Buffer, width: number, height: number): void {
  const stride = Math.ceil(width / 8)
  if (data.length < stride * height) throw damaged('its last rows are missing')
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const byte = data[y * stride + (x >> 3)] ?? 0
      samples[y * width + x] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255
    }
  }
}

function fillBinary(samples: Samples, data: Buffer, largest: number): void {
  const size = largest > 255 ? 2 : 1
  if (data.length < samples.length * size) throw damaged('its last rows are missing')
  if (largest === 255) {
    samples.set(data.subarray(0, samples.length))
    return
  }
  const most = fullScale(samples)
  const scale = most / largest
  for (let index = 0; index < samples.length; index += 1) {
    const value = size === 2 ? data.readUInt16BE(2 * index) : (data[index] ?? 0)
    samples[index] = Math.min(most, Math.round(value * scale))
  }
}

const newline = 10
const hash = 35
const zero = 48

/** Digits in text; those of a bitmap need no blank between them. */
function fillPlain(
  samples: Samples,
  bytes: Buffer,
  start: number,
  largest: number,
  isBitmap: boolean,
): void {
  const most = fullScale(samples)
  const scale = most / largest
  let filled = 0
  let value = -1
  const end = (): void => {
    if (value >= 0 && filled < samples.length) {
      samples[filled] = isBitmap
        ? value === 0
          ? 255
          : 0
        : Math.min(most, Math.round(value * scale))
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
