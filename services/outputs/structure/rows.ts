import { around, median, middle, type UprightLine, type UprightWord } from './upright.ts'

/** Words at one height of the page, from left to right. */
export interface Row {
  words: readonly UprightWord[]
  middle: number
  /** Type height of most of its words, pixels. */
  size: number
  lines: readonly UprightLine[]
}

/** In type heights: a wider gap between words of a row separates cells. */
export const cellGap = 1.2

/** Larger print beside smaller one is a title, and no cell. */
const maxSizeRatio = 1.5

/** Groups lines into rows: the parts of a row may be in several lines, blocks or paragraphs. */
export function rowsOf(lines: readonly UprightLine[]): Row[] {
  const rows: UprightLine[][] = []
  let at = -Infinity
  for (const line of lines.toSorted((a, b) => middle(a.box) - middle(b.box))) {
    const row = rows.at(-1)
    const size = row?.[0]?.size ?? 0
    const isAlike = Math.max(size, line.size) <= Math.min(size, line.size) * maxSizeRatio
    if (row !== undefined && isAlike && middle(line.box) - at < line.size * 0.4) row.push(line)
    else {
      rows.push([line])
      at = middle(line.box)
    }
  }
  return rows.map((row) => ({
    words: row.flatMap(({ words }) => words).toSorted((a, b) => a.box.x0 - b.box.x0),
    middle: middle(around(row.map(({ box }) => box))),
    size: median(row.map(({ size }) => size)),
    lines: row,
  }))
}

/** The widest gap between words, pixels. */
export function widestGap(words: readonly UprightWord[]): number {
  let [widest, end] = [0, Infinity]
  for (const { box } of words) {
    widest = Math.max(widest, box.x0 - end)
    end = Math.max(box.x1, end === Infinity ? -Infinity : end)
  }
  return widest
}
