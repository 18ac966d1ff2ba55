import type { BBox, Baseline } from '../../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'

/** A page turned as people read it, and the map from the pixels of its results. */
export interface Upright {
  width: number
  height: number
  /** The same map, for SVG. */
  transform: string
  box: (box: BBox) => BBox
  baseline: (line: Baseline) => Baseline
}

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** Turns a page of this size clockwise. */
function turnOf(rotation: 0 | 90 | 180 | 270, width: number, height: number): Matrix {
  switch (rotation) {
    case 0:
      return [1, 0, 0, 1, 0, 0]
    case 90:
      return [0, 1, -1, 0, height, 0]
    case 180:
      return [-1, 0, 0, -1, width, height]
    case 270:
      return [0, -1, 1, 0, 0, width]
  }
}

export function uprightOf({
  width,
  height,
  orientation: { isMirrored, rotation },
}: Pick<PageResult, 'width' | 'height' | 'orientation'>): Upright {
  const [a, b, c, d, e, f] = turnOf(rotation, width, height)
  // The flip comes first: x becomes width - x.
  const matrix: Matrix = isMirrored
    ? [-a, -b, c, d, a * width + e, b * width + f]
    : [a, b, c, d, e, f]
  const map = (x: number, y: number): [number, number] => [
    matrix[0] * x + matrix[2] * y + matrix[4],
    matrix[1] * x + matrix[3] * y + matrix[5],
  ]
  const isSideways = rotation % 180 !== 0
  return {
    width: isSideways ? height : width,
    height: isSideways ? width : height,
    transform: `matrix(${matrix.join(' ')})`,
    box({ x0, y0, x1, y1 }) {
      const [ax, ay] = map(x0, y0)
      const [bx, by] = map(x1, y1)
      return {
        x0: Math.min(ax, bx),
        y0: Math.min(ay, by),
        x1: Math.max(ax, bx),
        y1: Math.max(ay, by),
      }
    },
    baseline({ x0, y0, x1, y1 }) {
      const [from, to] = [map(x0, y0), map(x1, y1)]
      return { x0: from[0], y0: from[1], x1: to[0], y1: to[1] }
    },
  }
}
