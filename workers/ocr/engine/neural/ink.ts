import type { Grey } from '../../prepare/grey.ts'

/** First and last pixel of a span, the last exclusive. */
export interface Span {
  from: number
  to: number
}

/** The position of a line's ink within its strip. */
export interface StripInk {
  /** Rows that most characters cross. */
  band: Span
  /** Whether a column has ink in these rows. */
  columns: Uint8Array
  /** Ink is darker than this. */
  below: number
}

/** Ink is darker than the middle between paper and this share of a strip's pixels, its darkest. */
const darkest = 0.02
/** Rows with less than this share of the most strokes are a rule, single strokes, or another line. */
const minRow = 0.1

/** Measures the ink of a strip: text is faint on one line and black on the next. */
export function findInk({ data, width, height }: Grey): StripInk {
  const below = thresholdOf(data)
  const rows = new Uint32Array(height)
  for (let y = 0; y < height; y += 1) {
    let wasInk = false
    for (let x = 0; x < width; x += 1) {
      const isInk = (data[y * width + x] ?? 255) < below
      if (isInk && !wasInk) rows[y] = (rows[y] ?? 0) + 1
      wasInk = isInk
    }
  }
  const band = bandOf(rows)
  const columns = new Uint8Array(width)
  for (let y = band.from; y < band.to; y += 1)
    for (let x = 0; x < width; x += 1) if ((data[y * width + x] ?? 255) < below) columns[x] = 1
  return { band, columns, below }
}

function thresholdOf(data: Uint8Array): number {
  const counts = new Uint32Array(256)
  for (const value of data) counts[value] = (counts[value] ?? 0) + 1
  let ink = 0
  for (
    let seen = counts[0] ?? 0;
    seen < darkest * data.length && ink < 255;
    seen += counts[ink] ?? 0
  )
    ink += 1
  return (ink + 255) / 2
}

/** The rows around the one with the most strokes, up to the first with few: an underline is one stroke. */
function bandOf(rows: Uint32Array): Span {
  const busiest = rows.reduce((best, count, row) => (count > (rows[best] ?? 0) ? row : best), 0)
  const enough = Math.max(1, minRow * (rows[busiest] ?? 0))
  let [from, to] = [busiest, busiest + 1]
  while (from > 0 && (rows[from - 1] ?? 0) >= enough) from -= 1
  while (to < rows.length && (rows[to] ?? 0) >= enough) to += 1
  return { from, to }
}

/** Extends the rows of a part of the columns by those above and below that have ink there, up to the first without. */
export function rowsOfPart(
  { data, width, height }: Grey,
  { band, below }: StripInk,
  { from, to }: Span,
): Span {
  const hasInk = (y: number): boolean => {
    for (let x = from; x < to; x += 1) if ((data[y * width + x] ?? 255) < below) return true
    return false
  }
  let [top, bottom] = [band.from, band.to]
  while (top < bottom - 1 && !hasInk(top)) top += 1
  while (bottom > top + 1 && !hasInk(bottom - 1)) bottom -= 1
  while (top > 0 && hasInk(top - 1)) top -= 1
  while (bottom < height && hasInk(bottom)) bottom += 1
  return { from: top, to: bottom }
}

/** The longest run of columns without ink between two columns, the second exclusive; empty where there is none. */
export function longestGap(columns: Uint8Array, { from, to }: Span): Span {
  let best: Span = { from: to, to }
  let began = from
  for (let x = from; x <= to; x += 1) {
    if (x < to && columns[x] === 0) continue
    if (x - began > best.to - best.from) best = { from: began, to: x }
    began = x + 1
  }
  return best
}
