import type { BBox, Line } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'

/** A word, its box turned so that lines are horizontal and read downwards. */
export interface UprightWord {
  text: string
  box: BBox
}

/** A line, with the numbers of its block and its paragraph on the page. */
export interface UprightLine {
  words: readonly UprightWord[]
  box: BBox
  /** Its box on the page as given. */
  given: BBox
  /** Type height, pixels. */
  size: number
  block: number
  paragraph: number
}

/** The lines of a page in reading order, turned by the direction of most of its text. */
export function uprightLines({ blocks }: PageResult): UprightLine[] {
  const angle = angleOf(
    blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines)),
  )
  const turn = turnBy(angle)
  const upright: UprightLine[] = []
  let paragraphs = 0
  for (const [block, { paragraphs: inBlock }] of blocks.entries()) {
    for (const { lines } of inBlock) {
      paragraphs += 1
      for (const line of lines) {
        const words = line.words
          .filter(({ text }) => text.trim() !== '')
          .map(({ text, bbox }) => ({ text, box: turn(bbox) }))
        if (words.length === 0) continue
        const box = around(words.map((word) => word.box))
        const size = line.size > 0 ? line.size : box.y1 - box.y0
        upright.push({ words, box, given: line.bbox, size, block, paragraph: paragraphs })
      }
    }
  }
  return upright
}

/** The smallest box that contains all of `boxes`. */
export const around = (boxes: readonly BBox[]): BBox => ({
  x0: boxes.reduce((least, { x0 }) => Math.min(least, x0), Infinity),
  y0: boxes.reduce((least, { y0 }) => Math.min(least, y0), Infinity),
  x1: boxes.reduce((greatest, { x1 }) => Math.max(greatest, x1), -Infinity),
  y1: boxes.reduce((greatest, { y1 }) => Math.max(greatest, y1), -Infinity),
})

/** The direction of the text, radians clockwise from the right: the median of the lines, weighted by their length. */
function angleOf(lines: readonly Line[]): number {
  const directions = lines
    .map(({ baseline: { x0, y0, x1, y1 } }) => ({
      angle: Math.atan2(y1 - y0, x1 - x0),
      length: Math.hypot(x1 - x0, y1 - y0),
    }))
    .toSorted((a, b) => a.angle - b.angle)
  const half = directions.reduce((sum, { length }) => sum + length, 0) / 2
  let sum = 0
  for (const { angle, length } of directions) {
    sum += length
    if (sum >= half) return length === 0 ? 0 : angle
  }
  return 0
}

/** Turns boxes round the origin, each about its centre: a small angle changes their place, a quarter turn their form. */
function turnBy(angle: number): (box: BBox) => BBox {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const isOnItsSide = Math.abs(sin) > Math.SQRT1_2
  return ({ x0, y0, x1, y1 }) => {
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2]
    const [width, height] = isOnItsSide ? [y1 - y0, x1 - x0] : [x1 - x0, y1 - y0]
    const [turnedX, turnedY] = [x * cos + y * sin, y * cos - x * sin]
    return {
      x0: turnedX - width / 2,
      y0: turnedY - height / 2,
      x1: turnedX + width / 2,
      y1: turnedY + height / 2,
    }
  }
}

export const middle = ({ y0, y1 }: BBox): number => (y0 + y1) / 2

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
