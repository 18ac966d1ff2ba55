import type { BBox, Block, Line } from '../../../../shared/contract/result/layout.ts'
import { boxAround } from '../../prepare/mapping.ts'
import { upperMedian } from '../../prepare/median.ts'
import { joinParts } from '../blocks.ts'
import { lineOf } from './words.ts'

/** Two pieces stand on one row where they share more than this part of the lower one's height. */
const minShared = 0.5
/** Pieces of running text are longer than this, in heights: cells of tables are shorter. */
const minRunning = 9
/** Share of the rows that run up to a gutter on both sides. */
const minColumns = 0.5
/** Lines of one paragraph are closer than this, in heights. */
const maxLeading = 1.1

/**
 * Arranges pieces of lines on a page: pieces on one row become one line, except across the gutter between columns of
 * running text; lines are put in reading order, and gathered into paragraphs. Each paragraph is a block.
 */
export function arrange(pieces: readonly Line[]): Block[] {
  const lines = joinRows(pieces)
  return gather(inReadingOrder(lines)).map((group) => {
    const paragraph = {
      ...joinParts(group, '\n'),
      bbox: boxAround(group.map(({ bbox }) => bbox)),
      lines: group,
    }
    return { ...joinParts([paragraph], '\n\n'), bbox: paragraph.bbox, paragraphs: [paragraph] }
  })
}

function joinRows(pieces: readonly Line[]): Line[] {
  const rows = rowsOf(pieces)
  const gaps = rows.flatMap((row) =>
    row.flatMap((left, at) => {
      const right = row[at + 1]
      return right === undefined ? [] : [gapOf(left, right)]
    }),
  )
  return rows.flatMap((row) => {
    const parts: Line[][] = [[]]
    row.forEach((piece, at) => {
      const previous = row[at - 1]
      if (previous !== undefined && isGutter(gapOf(previous, piece), gaps)) parts.push([piece])
      else parts.at(-1)?.push(piece)
    })
    return parts.map((part) => {
      const [only] = part
      return part.length === 1 && only !== undefined
        ? only
        : lineOf(part.flatMap(({ words }) => words))
    })
  })
}

/** The space between two neighbours on a row. */
interface Gap {
  from: number
  to: number
  /** Both are as long as running text. */
  isBetweenText: boolean
}

const isLong = ({ bbox: { x0, y0, x1, y1 } }: Line): boolean => x1 - x0 > minRunning * (y1 - y0)

function gapOf(left: Line, right: Line): Gap {
  return { from: left.bbox.x1, to: right.bbox.x0, isBetweenText: isLong(left) && isLong(right) }
}

/** Most rows that have a gap there have running text on both sides of it. */
function isGutter({ from, to }: Gap, gaps: readonly Gap[]): boolean {
  const middle = (from + to) / 2
  const there = gaps.filter((gap) => gap.from <= middle && gap.to >= middle)
  const between = there.filter(({ isBetweenText }) => isBetweenText)
  return between.length >= 2 && between.length >= minColumns * there.length
}

/** Groups pieces that stand side by side, from left to right. */
function rowsOf(pieces: readonly Line[]): Line[][] {
  const rows: Line[][] = []
  for (const piece of pieces.toSorted((a, b) => middleOf(a) - middleOf(b))) {
    const row = rows.findLast((each) =>
      each.every((other) => areSideBySide(other.bbox, piece.bbox)),
    )
    if (row === undefined) rows.push([piece])
    else row.push(piece)
  }
  return rows.map((row) => row.toSorted((a, b) => a.bbox.x0 - b.bbox.x0))
}

const middleOf = ({ bbox: { y0, y1 } }: Line): number => (y0 + y1) / 2

function areSideBySide(a: BBox, b: BBox): boolean {
  const down = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)
  const across = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)
  const height = Math.min(a.y1 - a.y0, b.y1 - b.y0)
  return down > minShared * height && across < 0.5 * height
}

/**
 * Orders lines: one comes before another that is below it and shares columns with it, and before one to its right
 * unless a line between them, above or below, spans both (Breuel: High performance document layout analysis, 2003).
 */
function inReadingOrder(lines: readonly Line[]): Line[] {
  const from = lines.toSorted((a, b) => a.bbox.y0 - b.bbox.y0 || a.bbox.x0 - b.bbox.x0)
  const isBefore = (a: Line, b: Line): boolean => {
    if (overlap(a.bbox, b.bbox)) return middleOf(a) < middleOf(b)
    if (a.bbox.x1 > b.bbox.x1) return false
    const [top, bottom] = [Math.min(a.bbox.y0, b.bbox.y0), Math.max(a.bbox.y1, b.bbox.y1)]
    return !from.some(
      ({ bbox }) =>
        overlap(bbox, a.bbox) && overlap(bbox, b.bbox) && bbox.y0 >= top && bbox.y1 <= bottom,
    )
  }
  const ordered: Line[] = []
  const left = new Set(from)
  while (left.size > 0) {
    const waiting = [...left]
    const next = waiting.find(
      (line) => !waiting.some((other) => other !== line && isBefore(other, line)),
    )
    const [fallback] = waiting
    const line = next ?? fallback
    if (line === undefined) break
    ordered.push(line)
    left.delete(line)
  }
  return ordered
}

const overlap = (a: BBox, b: BBox): boolean => Math.min(a.x1, b.x1) > Math.max(a.x0, b.x0)

/** Gathers lines that follow each other closely in one column. */
function gather(lines: readonly Line[]): Line[][] {
  const groups: Line[][] = []
  for (const line of lines) {
    const group = groups.at(-1)
    const above = group?.at(-1)
    const heights = [line, ...(group ?? [])].map(({ bbox }) => bbox.y1 - bbox.y0)
    const gap = above === undefined ? Infinity : line.bbox.y0 - above.bbox.y1
    const isClose = gap > -upperMedian(heights) && gap < maxLeading * upperMedian(heights)
    if (above !== undefined && isClose && overlap(above.bbox, line.bbox)) group?.push(line)
    else groups.push([line])
  }
  return groups
}
