import type { Components } from './components.ts'
import { countLetters, findLines, type TextLine } from './lines.ts'
import type { Glyph } from './glyph.ts'
import { hollow } from './glyphs.ts'
import { upperMedian } from '../median.ts'

/** Rows of a table have at least this many cells; prose in columns has fewer. */
const minCells = 4
/** Half of a row's cells have at most this many letters: figures and short words. */
const maxLetters = 8
const minRows = 5
/** Cells have at least this many letters on average: the grain of a picture has single ones. */
const minInCell = 2
/** This share of the letters stands in rows of cells. */
const minShare = 0.6

/** A rule is longer than this many heights; a grid of rules is one piece, and mostly paper. */
const minRule = 20
/** Single rules separate the parts of a page. */
const minRules = 4

/** Whether the cells are separated by rules: engines find those by themselves, and lose them in a single block. */
export function hasRules({ count, x0, y0, x1, y1, area }: Components, textHeight: number): boolean {
  let rules = 0
  for (let at = 0; at < count; at += 1) {
    const [width, height] = [(x1[at] ?? 0) - (x0[at] ?? 0), (y1[at] ?? 0) - (y0[at] ?? 0)]
    if (Math.max(width, height) < minRule * textHeight) continue
    if ((area[at] ?? 0) > hollow * width * height && Math.min(width, height) > textHeight) continue
    rules += Math.min(width, height) > 2 * textHeight ? minRules : 1
  }
  return rules >= minRules
}

/** Rows of at least so many cells, and a share of the letters, that mark a page with columns of figures. */
const [manyCells, minFigures] = [5, 0.5]

/** Short cells side by side in rows. */
export interface Cells {
  /** The writing is a table of them. */
  areTable: boolean
  /** A part of the writing is: the items of an invoice between its texts. */
  arePart: boolean
}

/** Looks for rows of short cells: figures and short words. */
export function findCells(glyphs: readonly Glyph[]): Cells {
  const rows = rowsOf(findLines(glyphs, 1)).filter(
    (cells) =>
      cells.length >= minCells &&
      upperMedian(cells.map(({ letters }) => letters.length)) <= maxLetters,
  )
  const cells = rows.flat()
  const letters = countLetters(cells)
  const areWritten = letters >= minInCell * cells.length
  const inMany = countLetters(rows.filter(({ length }) => length >= manyCells).flat())
  return {
    areTable: rows.length >= minRows && areWritten && letters >= minShare * glyphs.length,
    arePart: areWritten && inMany >= minFigures * glyphs.length,
  }
}

/** Groups pieces of lines by their vertical middle; pieces of one line that follow each other closely are one cell. */
function rowsOf(pieces: readonly TextLine[]): TextLine[][] {
  const rows: { middle: number; cells: TextLine[] }[] = []
  for (const piece of pieces.toSorted((a, b) => middleOf(a) - middleOf(b))) {
    const row = rows.at(-1)
    if (row !== undefined && middleOf(piece) - row.middle < 0.5 * piece.height)
      row.cells.push(piece)
    else rows.push({ middle: middleOf(piece), cells: [piece] })
  }
  return rows.map(({ cells }) => joinClose(cells.toSorted((a, b) => leftOf(a) - leftOf(b))))
}

/** Minimum gap between cells, in heights. */
const minGap = 1.2

function joinClose(pieces: readonly TextLine[]): TextLine[] {
  const cells: TextLine[] = []
  for (const piece of pieces) {
    const last = cells.at(-1)
    if (last !== undefined && leftOf(piece) - rightOf(last) < minGap * piece.height) {
      cells.splice(-1, 1, { ...last, letters: [...last.letters, ...piece.letters] })
    } else cells.push(piece)
  }
  return cells
}

const middleOf = ({ letters }: TextLine): number =>
  upperMedian(letters.map(({ y0, y1 }) => (y0 + y1) / 2))
const leftOf = ({ letters }: TextLine): number => letters[0]?.x0 ?? 0
const rightOf = ({ letters }: TextLine): number => letters.at(-1)?.x1 ?? 0
