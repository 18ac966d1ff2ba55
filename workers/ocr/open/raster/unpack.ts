import { damaged, type Raster } from './raster.ts'

interface Packed {
  bits: number
  width: number
  height: number
  /** To a pixel. */
  samples: number
  /** 0 is white. */
  isInverted: boolean
}

/** Makes 8-bit samples of packed ones (9 to 15 bits, the highest first, rows beginning at a byte). */
export function unpackSamples(
  rows: Buffer,
  { bits, width, samples, height, isInverted }: Packed,
): Omit<Raster, 'dpi'> {
  const stride = Math.ceil((width * samples * bits) / 8)
  if (rows.length < stride * height) throw damaged('its last rows are missing')
  const channels = samples >= 3 ? 3 : 1
  const out = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        const bit = (x * samples + channel) * bits
        const value = highest8(rows, y * stride * 8 + bit)
        out[(y * width + x) * channels + channel] = isInverted ? 255 - value : value
      }
    }
  }
  return { width, height, channels, samples: out }
}

/** Eight bits from anywhere. */
function highest8(rows: Buffer, bit: number): number {
  const at = bit >> 3
  const two = ((rows[at] ?? 0) << 8) | (rows[at + 1] ?? 0)
  return (two >> (8 - (bit & 7))) & 255
}
