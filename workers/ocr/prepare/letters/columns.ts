import { boxAround } from '../mapping.ts'
import { countLetters, type TextLine } from './lines.ts'

/** Gutters are searched between these shares of the width of the writing, at so many places. */
const [first, last, places] = [0.3, 0.7, 21]
/** Share of the letters that may stand across a gutter: headings. */
const maxAcross = 0.1
/** Each column has this share of the letters, and on average so many on each of so many rows: more than a cell. */
const [minShare, minOnRow, minRows] = [0.3, 15, 12]

/** Whether lines of letters stand in two columns of text or more. */
export function hasColumns(lines: readonly TextLine[]): boolean {
  if (lines.length < 2 * minRows) return false
  const spans = lines.map((line) => ({ line, box: boxAround(line.letters) }))
  const all = boxAround(spans.map(({ box }) => box))
  const letters = countLetters(lines)
  return Array.from({ length: places }, (_, at) => {
    const share = first + ((last - first) * at) / (places - 1)
    const x = all.x0 + share * (all.x1 - all.x0)
    const left = spans.filter(({ box }) => box.x1 <= x).map(({ line }) => line)
    const right = spans.filter(({ box }) => box.x0 >= x).map(({ line }) => line)
    const across = letters - countLetters(left) - countLetters(right)
    return across <= maxAcross * letters && [left, right].every((side) => isColumn(side, letters))
  }).includes(true)
}

function isColumn(lines: readonly TextLine[], letters: number): boolean {
  const own = countLetters(lines)
  if (own < minShare * letters) return false
  const rows = countRows(lines)
  return rows >= minRows && own >= minOnRow * rows
}

/** Pieces of lines whose middles are less than half a height apart stand on one row. */
function countRows(lines: readonly TextLine[]): number {
  const middles = lines
    .map(({ letters, height }) => {
      const { y0, y1 } = boxAround(letters)
      return { middle: (y0 + y1) / 2, height }
    })
    .toSorted((a, b) => a.middle - b.middle)
  let [rows, row] = [0, -Infinity]
  for (const { middle, height } of middles) {
    if (middle - row < 0.5 * height) continue
    rows += 1
    row = middle
  }
  return rows
}
