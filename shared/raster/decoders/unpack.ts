import { damaged, fullScale, type Allocate, type Raster, type Samples } from '../raster.ts'

interface Packed {
  bits: number
  width: number
  height: number
  /** Samples per pixel, and those of them that make its colour: grey, RGB or CMYK. */
  samples: number
  colours?: 1 | 3 | 4
  /** Samples of 16 bits have their lower byte first. */
  isLittle?: boolean
  /** Each 8-bit sample is the difference from the one of the pixel before. */
  isDifferenced?: boolean
  /** 0 is white. */
  isInverted: boolean
}

/**
 * Unpacks samples (8 to 16 bits, the highest bit first, each row starts at a byte). Changes `rows`. Own code: libvips
 * supports no depths between 8 and 16 bits.
 */
export function unpackSamples<S extends Samples>(
  rows: Buffer,
  packed: Packed,
  allocate: Allocate<S>,
): Omit<Raster<S>, 'dpi'> {
  const { bits, width, samples, height, isInverted } = packed
  const stride = Math.ceil((width * samples * bits) / 8)
  if (rows.length < stride * height) throw damaged('its last rows are missing')
  if (bits === 16 && packed.isLittle === true) rows.subarray(0, stride * height).swap16()
  if (packed.isDifferenced === true) addUp(rows, stride, height, samples)
  const colours = Math.min(packed.colours ?? 3, samples)
  const channels = colours >= 3 ? 3 : 1
  const maxValue = 2 ** bits - 1
  const out = allocate(width * height * channels, maxValue)
  const full = fullScale(out)
  const spread = (value: number): number =>
    full > maxValue ? Math.round((value * full) / maxValue) : value >> (bits - 8)
  const valueAt = (x: number, y: number, channel: number): number =>
    spread(bitsAt(rows, y * stride * 8 + (x * samples + channel) * bits, bits))
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      // Of CMYK the ink that is left after black.
      const light = colours === 4 ? (full - valueAt(x, y, 3)) / full : 1
      for (let channel = 0; channel < channels; channel += 1) {
        const value = valueAt(x, y, channel)
        const isDark = isInverted || colours === 4
        out[(y * width + x) * channels + channel] = Math.round(
          light * (isDark ? full - value : value),
        )
      }
    }
  }
  return { width, height, channels, samples: out }
}

/** Undoes the horizontal predictor (TIFF 6.0, section 14). */
function addUp(rows: Buffer, stride: number, height: number, samples: number): void {
  for (let y = 0; y < height; y += 1) {
    const end = (y + 1) * stride
    for (let at = y * stride + samples; at < end; at += 1) {
      rows[at] = ((rows[at] ?? 0) + (rows[at - samples] ?? 0)) & 0xff
    }
  }
}

/** Reads up to fifteen bits at any bit offset, or sixteen at a byte. */
function bitsAt(rows: Buffer, bit: number, bits: number): number {
  const at = bit >> 3
  const three = ((rows[at] ?? 0) << 16) | ((rows[at + 1] ?? 0) << 8) | (rows[at + 2] ?? 0)
  return (three >> (24 - bits - (bit & 7))) & (2 ** bits - 1)
}
