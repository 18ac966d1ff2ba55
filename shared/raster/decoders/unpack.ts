import { damaged, fullScale, type Allocate, type Raster, type Samples } from '../raster.ts'

interface Packed {
  bits: number
  width: number
  height: number
  /** Samples per pixel. */
  samples: number
  /** 0 is white. */
  isInverted: boolean
}

/** Unpacks samples (9 to 15 bits, the highest bit first, each row starts at a byte). */
export function unpackSamples<S extends Samples>(
  rows: Buffer,
  { bits, width, samples, height, isInverted }: Packed,
  allocate: Allocate<S>,
): Omit<Raster<S>, 'dpi'> {
  const stride = Math.ceil((width * samples * bits) / 8)
  if (rows.length < stride * height) throw damaged('its last rows are missing')
  const channels = samples >= 3 ? 3 : 1
  const maxValue = 2 ** bits - 1
  const out = allocate(width * height * channels, maxValue)
  const full = fullScale(out)
  const spread = (value: number): number =>
    full > maxValue ? Math.round((value * full) / maxValue) : value >> (bits - 8)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        const bit = (x * samples + channel) * bits
        const value = spread(bitsAt(rows, y * stride * 8 + bit, bits))
        out[(y * width + x) * channels + channel] = isInverted ? full - value : value
      }
    }
  }
  return { width, height, channels, samples: out }
}

/** Reads up to fifteen bits at any bit offset. */
function bitsAt(rows: Buffer, bit: number, bits: number): number {
  const at = bit >> 3
  const three = ((rows[at] ?? 0) << 16) | ((rows[at + 1] ?? 0) << 8) | (rows[at + 2] ?? 0)
  return (three >> (24 - bits - (bit & 7))) & (2 ** bits - 1)
}
