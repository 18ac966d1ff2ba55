import type { BBox } from '../../../../shared/contract/result/layout.ts'
import type { Grey } from '../../prepare/grey.ts'

/** A part of a page: a box whose rows follow a slope, pixels down per pixel across; its middle stays in place. */
interface Part {
  box: BBox
  slope: number
}

/** For each target pixel the weights of `count` source pixels, from `first[target]` on. */
interface Taps {
  first: Int32Array
  weights: Float32Array
  count: number
}

/**
 * Resamples a part of an image with a triangle filter, which interpolates where it enlarges and averages where it
 * shrinks. The part may exceed the image: outside it is white. Returns `width * height` grey values, 0 to 255.
 */
export function resample(
  page: Grey,
  { box, slope }: Part,
  { width, height }: { width: number; height: number },
): Float32Array {
  const across = tapsOf(box.x0, box.x1, width)
  const down = tapsOf(box.y0, box.y1, height)
  const top = down.first[0] ?? 0
  const rows = (down.first[height - 1] ?? 0) + down.count - top
  const step = (box.x1 - box.x0) / width
  const shifts = Int32Array.from({ length: width }, (_, x) =>
    Math.round(slope * (x + 0.5 - width / 2) * step),
  )
  const narrow = new Float32Array(width * rows)
  for (let row = 0; row < rows; row += 1)
    resampleRow(page, across, shifts, top + row, narrow, row * width)
  const made = new Float32Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const from = (down.first[y] ?? 0) - top
    for (let tap = 0; tap < down.count; tap += 1) {
      const weight = down.weights[y * down.count + tap] ?? 0
      if (weight === 0) continue
      const source = (from + tap) * width
      for (let x = 0; x < width; x += 1)
        made[y * width + x] = (made[y * width + x] ?? 0) + weight * (narrow[source + x] ?? 255)
    }
  }
  return made
}

/** Resamples one row of the page, each pixel of it from the row that is `shifts` below, into `narrow`. */
function resampleRow(
  { data, width: stride, height: limit }: Grey,
  { first, weights, count }: Taps,
  shifts: Int32Array,
  row: number,
  narrow: Float32Array,
  start: number,
): void {
  for (let x = 0; x < first.length; x += 1) {
    const y = row + (shifts[x] ?? 0)
    const from = first[x] ?? 0
    let sum = 0
    if (y < 0 || y >= limit) sum = 255
    else if (from >= 0 && from + count <= stride) {
      const at = y * stride + from
      for (let tap = 0; tap < count; tap += 1)
        sum += (weights[x * count + tap] ?? 0) * (data[at + tap] ?? 255)
    } else {
      for (let tap = 0; tap < count; tap += 1) {
        const at = from + tap
        const value = at < 0 || at >= stride ? 255 : (data[y * stride + at] ?? 255)
        sum += (weights[x * count + tap] ?? 0) * value
      }
    }
    narrow[start + x] = sum
  }
}

function tapsOf(from: number, to: number, size: number): Taps {
  const step = (to - from) / size
  const reach = Math.max(1, step)
  const count = Math.ceil(2 * reach)
  const first = new Int32Array(size)
  const weights = new Float32Array(size * count)
  for (let target = 0; target < size; target += 1) {
    const centre = from + (target + 0.5) * step - 0.5
    const start = Math.floor(centre - reach) + 1
    first[target] = start
    let sum = 0
    for (let tap = 0; tap < count; tap += 1) {
      const weight = Math.max(0, 1 - Math.abs(start + tap - centre) / reach)
      weights[target * count + tap] = weight
      sum += weight
    }
    for (let tap = 0; tap < count; tap += 1) {
      const at = target * count + tap
      weights[at] = (weights[at] ?? 0) / sum
    }
  }
  return { first, weights, count }
}
