import type { BBox, Block, Line } from '../../../../shared/contract/result/layout.ts'
import { boxAround } from '../../prepare/mapping.ts'
import { upperMedian } from '../../prepare/median.ts'
import { joinParts } from '../../../../shared/contract/result/join-parts.ts'
import { lineOf } from './words.ts'

/** Two pieces stand on one row where they share more than this part of the lower one's height. */
const minShared = 0.5
/** Pieces of running text have more words than this on average: cells of tables and forms have fewer. */
const minRunning = 3.5
/** Fewer rows side by side are no columns. */
const minRows = 3
/** Lines of one paragraph are closer than this, in heights. */
const maxLeading = 1.1

/**
 * Arranges pieces of lines on a page: pieces on one row become one line, except across the gutter between columns of
 * running text; lines are put in reading order, row by row where there are no columns, and gathered into paragraphs.
 * Each paragraph is a block.
 */
export function arrange(pieces: readonly Line[]): Block[] {
  const rows = joinRows(pieces)
  const hasColumns = rows.some(({ length }) => length > 1)
  const lines = rows.flat()
  return gather(hasColumns ? inReadingOrder(lines) : lines).map((group) => {
    const paragraph = {
      ...joinParts(group, '\n'),
      bbox: boxAround(group.map(({ bbox }) => bbox)),
      lines: group,
    }
    return { ...joinParts([paragraph], '\n\n'), bbox: paragraph.bbox, paragraphs: [paragraph] }
  })
}

/** Joins the pieces of each row to one line, or to one for each column. */
function joinRows(pieces: readonly Line[]): Line[][] {
  const rows = rowsOf(pieces)
  const gaps = rows.flatMap((row) =>
    row.flatMap((left, at) => {
      const right = row[at + 1]
      return right === undefined ? [] : [{ left, right }]
    }),
  )
  return rows.map((row) => {
    const parts: Line[][] = [[]]
    row.forEach((piece, at) => {
      const previous = row[at - 1]
      if (previous !== undefined && isGutter({ left: previous, right: piece }, gaps))
        parts.push([piece])
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
  left: Line
  right: Line
}

/** Most rows that have a gap there have running text on both sides of it. */
function isGutter({ left, right }: Gap, gaps: readonly Gap[]): boolean {
  const middle = (left.bbox.x1 + right.bbox.x0) / 2
  const there = gaps.filter((gap) => gap.left.bbox.x1 <= middle && gap.right.bbox.x0 >= middle)
  const wordsOf = (side: keyof Gap): number =>
    there.reduce((sum, gap) => sum + gap[side].words.length, 0) / there.length
  return there.length >= minRows && Math.min(wordsOf('left'), wordsOf('right')) >= minRunning
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
