import type { Grey } from '../../prepare/grey.ts'

/** The core of a line: connected pixels of high probability, in pixels of the detector's map. */
export interface Core {
  x0: number
  x1: number
  /** Vertical middle of the core at the middle of its width. */
  y: number
  /** Pixels down per pixel across. */
  slope: number
  /** Mean thickness. */
  thickness: number
  /** Mean probability of its pixels, 0 to 1. */
  score: number
}

/** Finds the 8-connected parts of a map of probabilities, 0 to 255, that exceed `above`. */
export function findCores(map: Grey, above: number): Core[] {
  const isLeft = Uint8Array.from(map.data, (value) => (value > above ? 1 : 0))
  const stack = new Int32Array(isLeft.length)
  const cores: Core[] = []
  for (let at = 0; at < isLeft.length; at += 1)
    if (isLeft[at] === 1) cores.push(toCore(flood(map, isLeft, stack, at)))
  return cores
}

/** Sums over the pixels of a part. */
interface Sums {
  count: number
  value: number
  x: number
  y: number
  xx: number
  xy: number
  x0: number
  x1: number
}

/** Takes the part around a pixel out of `isLeft`. */
function flood({ data, width, height }: Grey, isLeft: Uint8Array, stack: Int32Array, at: number) {
  const sums: Sums = { count: 0, value: 0, x: 0, y: 0, xx: 0, xy: 0, x0: width, x1: 0 }
  let waiting = 0
  const visit = (pixel: number): void => {
    isLeft[pixel] = 0
    stack[waiting++] = pixel
  }
  visit(at)
  while (waiting > 0) {
    const pixel = stack[--waiting] ?? 0
    const x = pixel % width
    const y = (pixel - x) / width
    sums.count += 1
    sums.value += data[pixel] ?? 0
    sums.x += x
    sums.y += y
    sums.xx += x * x
    sums.xy += x * y
    sums.x0 = Math.min(sums.x0, x)
    sums.x1 = Math.max(sums.x1, x + 1)
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row += 1)
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column += 1)
        if (isLeft[row * width + column] === 1) visit(row * width + column)
  }
  return sums
}

function toCore({ count, value, x, y, xx, xy, x0, x1 }: Sums): Core {
  const spread = count * xx - x * x
  const slope = spread === 0 ? 0 : (count * xy - x * y) / spread
  const middle = (x0 + x1 - 1) / 2
  return {
    x0,
    x1,
    y: y / count + slope * (middle - x / count) + 0.5,
    slope,
    thickness: count / (x1 - x0),
    score: value / count / 255,
  }
}
