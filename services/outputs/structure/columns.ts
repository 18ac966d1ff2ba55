import type { Row } from './rows.ts'
import type { UprightWord } from './upright.ts'
import { median } from './upright.ts'

/** A range without words, pixels. */
interface Corridor {
  x0: number
  x1: number
}

/** In type heights: words of a row that are closer are one piece. */
const wordGap = 0.35
/** In type heights: a corridor is as wide, or the words beside it are aligned. */
const clearGap = 1
/** Part of the rows that may cross a corridor: headings over several columns. */
const maxCrossing = 0.08
/** Part of the rows whose words must be aligned beside a narrow corridor. */
const minAligned = 0.7
/** Each is compared with every row. */
const maxColumns = 200

/** The boundaries between the columns of these rows, from left to right: corridors that hardly any row crosses. */
export function columnBoundaries(rows: readonly Row[], size: number): number[] {
  const corridors = emptyRanges(rows, size)
  if (corridors.length > maxColumns) return []
  return corridors
    .filter((corridor) => isBetweenColumns(corridor, rows, size))
    .map(({ x0, x1 }) => (x0 + x1) / 2)
}

function emptyRanges(rows: readonly Row[], size: number): Corridor[] {
  const ends = rows
    .flatMap(({ words }) => piecesOf(words, size * wordGap))
    .flatMap(({ x0, x1 }) => [
      { x: x0, step: 1 },
      { x: x1, step: -1 },
    ])
    .toSorted((a, b) => a.x - b.x || b.step - a.step)
  const most = Math.floor(rows.length * maxCrossing)
  const found: Corridor[] = []
  let [count, since] = [0, Infinity]
  for (const { x, step } of ends) {
    const before = count
    count += step
    if (step < 0 && count === most) since = x
    if (step > 0 && before === most && x - since >= size * wordGap) found.push({ x0: since, x1: x })
  }
  return found
}

/** Words of a row, those closer than `gap` as one. */
export function piecesOf(words: readonly UprightWord[], gap: number): Corridor[] {
  const pieces: Corridor[] = []
  for (const { box } of words) {
    const last = pieces.at(-1)
    if (last !== undefined && box.x0 - last.x1 < gap) last.x1 = Math.max(last.x1, box.x1)
    else pieces.push({ x0: box.x0, x1: box.x1 })
  }
  return pieces
}

function isBetweenColumns({ x0, x1 }: Corridor, rows: readonly Row[], size: number): boolean {
  const at = (x0 + x1) / 2
  const sides = rows.flatMap(({ words }) => {
    const left = words.findLast(({ box }) => (box.x0 + box.x1) / 2 < at)
    const right = words.find(({ box }) => (box.x0 + box.x1) / 2 >= at)
    return left === undefined || right === undefined
      ? []
      : [{ left: left.box.x1, right: right.box.x0 }]
  })
  if (sides.length < Math.max(2, rows.length * 0.3)) return false
  if (median(sides.map(({ left, right }) => right - left)) >= size * clearGap) return true
  const near = size * wordGap
  return (
    sides.length >= 4 &&
    (areAligned(
      sides.map(({ left }) => left),
      near,
    ) ||
      areAligned(
        sides.map(({ right }) => right),
        near,
      ))
  )
}

function areAligned(edges: readonly number[], near: number): boolean {
  const common = median(edges)
  return edges.filter((edge) => Math.abs(edge - common) < near).length >= edges.length * minAligned
}
