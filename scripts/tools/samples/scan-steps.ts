import { toRaster, toSharp } from './raster.ts'
import type { SampleRaster } from './raster.ts'

/** One step of a page from paper to pixels. */
export type ScanStep = (raster: SampleRaster) => SampleRaster | Promise<SampleRaster>

/** The lens or the scanner's optics: a Gaussian of `sigma` pixels. */
export const soften =
  (sigma: number): ScanStep =>
  (raster) =>
    toRaster(toSharp(raster).blur(sigma))

/**
 * Skews the page. `keystone` is how much smaller the top of the page is than its foot (0.05 = 5 %), `inset` the share
 * of the frame left around it, showing `table` (RGB).
 */
export function lay(options: {
  degrees: number
  keystone?: number
  inset?: number
  table: readonly [number, number, number]
}): ScanStep {
  const { degrees, keystone = 0, inset = 0, table } = options
  const sine = Math.sin((degrees * Math.PI) / 180)
  const cosine = Math.cos((degrees * Math.PI) / 180)
  return ({ data, width, height }) => {
    const out = new Uint8Array(data.length)
    for (let y = 0; y < height; y++) {
      const scale = (1 + keystone * (0.5 - y / height)) / (1 - inset)
      for (let x = 0; x < width; x++) {
        const dx = (x - width / 2) * scale
        const dy = (y - height / 2) * scale
        const sourceX = dx * cosine + dy * sine + width / 2
        const sourceY = dy * cosine - dx * sine + height / 2
        for (let channel = 0; channel < 3; channel++) {
          out[(y * width + x) * 3 + channel] =
            sample(data, width, height, sourceX, sourceY, channel) ?? table[channel] ?? 0
        }
      }
    }
    return { data: out, width, height }
  }
}

/** Bilinear, since nearest-neighbour would tear thin strokes; undefined outside the page. */
function sample(
  data: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  channel: number,
): number | undefined {
  const left = Math.floor(x)
  const top = Math.floor(y)
  if (left < 0 || top < 0 || left > width - 2 || top > height - 2) return undefined
  const at = (row: number, column: number) => data[(row * width + column) * 3 + channel] ?? 0
  const upper = at(top, left) + (x - left) * (at(top, left + 1) - at(top, left))
  const lower = at(top + 1, left) + (x - left) * (at(top + 1, left + 1) - at(top + 1, left))
  return Math.round(upper + (y - top) * (lower - upper))
}

/** A lamp beside the page: full light at (x, y), shares of the frame, falling by `loss` over its diagonal. */
export const light =
  (x: number, y: number, loss: number): ScanStep =>
  ({ data, width, height }) => ({
    width,
    height,
    data: data.map((value, index) => {
      const pixel = Math.floor(index / 3)
      const dx = (pixel % width) / width - x
      const dy = Math.floor(pixel / width) / height - y
      return value * (1 - (loss * Math.hypot(dx, dy)) / Math.SQRT2)
    }),
  })

/** Sensor noise and paper fibre: grey, triangular, up to `amplitude` levels either way. */
export const grain =
  (amplitude: number, seed: number): ScanStep =>
  ({ data, width, height }) => {
    const random = createRandom(seed)
    const out = new Uint8ClampedArray(data.length)
    for (let index = 0; index < data.length; index += 3) {
      const shift = (random() - random()) * amplitude
      for (let channel = 0; channel < 3; channel++) {
        out[index + channel] = (data[index + channel] ?? 0) + shift
      }
    }
    return { data: new Uint8Array(out.buffer), width, height }
  }

/** Specks on the glass: `count` grey dots of one to three pixels. */
export const dust =
  (count: number, seed: number): ScanStep =>
  ({ data, width, height }) => {
    const random = createRandom(seed)
    const out = new Uint8Array(data)
    for (let speck = 0; speck < count; speck++) {
      const size = 1 + Math.floor(random() * 3)
      const left = Math.floor(random() * (width - size))
      const top = Math.floor(random() * (height - size))
      for (let y = top; y < top + size; y++) {
        out.fill(90 + random() * 90, (y * width + left) * 3, (y * width + left + size) * 3)
      }
    }
    return { data: out, width, height }
  }

/** Mulberry32: small, seeded, the same on every machine, which Math.random is not. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
