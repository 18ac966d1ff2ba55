import { columnBoundaries, piecesOf } from './columns.ts'
import { joinWords } from './join.ts'
import { proseOf } from './prose.ts'
import { cellGap, rowsOf, widestGap, type Row } from './rows.ts'
import { median, type UprightLine, type UprightWord } from './upright.ts'

export interface PageTable {
  /** Of equal length; '' where a cell is empty. */
  rows: readonly (readonly string[])[]
  /** Whether the first row names the columns. */
  hasHeader: boolean
  /** The lines of the page that it contains. */
  lines: ReadonlySet<UprightLine>
}

/** In type heights, between the middles of two rows. */
const maxRowDistance = 3.2
/** Rows in one piece within a table, in a row: its headings, and the further lines of a cell. */
const maxWholeRows = 2

/** The tables of a page, ruled and open ones: rows whose words are aligned in columns. */
export function tablesOf(lines: readonly UprightLine[]): PageTable[] {
  const prose = proseOf(lines, rowsOf(lines))
  const rows = rowsOf(lines.filter((line) => !prose.has(line))).flatMap(withoutRules)
  return regionsOf(rows).flatMap((region) => toTable(region) ?? [])
}

const rule = /^[|¦‖│┃_]+$|^[.·_…—–=-]{3,}$/
const ruleAtEnds = /^[|_]+|[|_]+$/g

/** Rules and dot leaders are read as characters; they would fill the gaps between cells. */
function withoutRules(row: Row): Row[] {
  const words = row.words
    .filter(({ text }) => !rule.test(text))
    .map(({ text, box }) => ({ text: text.replaceAll(ruleAtEnds, ''), box }))
  return words.length === 0 ? [] : [{ ...row, words }]
}

const hasCells = ({ words, size }: Row): boolean => widestGap(words) >= size * cellGap

/** Runs of rows with cells, close to each other, from the first such row to the last. */
function regionsOf(rows: readonly Row[]): Row[][] {
  const regions: Row[][] = []
  let region: Row[] = []
  let between: Row[] = []
  const end = (): void => {
    if (region.length > 1) regions.push(region)
    region = []
    between = []
  }
  for (const row of rows) {
    const last = between.at(-1) ?? region.at(-1)
    if (
      last !== undefined &&
      row.middle - last.middle > maxRowDistance * Math.max(row.size, last.size)
    )
      end()
    if (hasCells(row)) {
      region.push(...between, row)
      between = []
    } else if (region.length > 0) {
      between.push(row)
      if (between.length > maxWholeRows) end()
    }
  }
  end()
  return regions
}

function toTable(found: readonly Row[]): PageTable | undefined {
  const withCells = found.filter(hasCells)
  const size = median(withCells.map((row) => row.size))
  const boundaries = columnBoundaries(withCells, size)
  const region = withoutTitle(found, boundaries)
  const grid = withoutEmptyColumns(region.map(({ words }) => cellsOf(words, boundaries)))
  if (!isTable(grid)) return undefined
  const rows = joinWrapped(grid).map((cells) =>
    cells.map((words) => joinWords(words.map(({ text }) => text))),
  )
  return { rows, hasHeader: isHeader(rows), lines: new Set(region.flatMap((row) => row.lines)) }
}

/** A page's header above a title that is above the table looks like its first row, but does not fit its columns. */
function withoutTitle(rows: readonly Row[], boundaries: readonly number[]): readonly Row[] {
  const [first, second] = rows
  if (first === undefined || second === undefined || hasCells(second)) return rows
  const fits = piecesOf(first.words, first.size * cellGap).every(
    ({ x0, x1 }) => !boundaries.some((boundary) => x0 < boundary && boundary < x1),
  )
  const below = rows.findIndex((row, at) => at > 0 && hasCells(row))
  return fits || below < 0 ? rows : rows.slice(below)
}

function cellsOf(words: readonly UprightWord[], boundaries: readonly number[]): UprightWord[][] {
  const cells: UprightWord[][] = Array.from({ length: boundaries.length + 1 }, () => [])
  for (const word of words) {
    const at = (word.box.x0 + word.box.x1) / 2
    const column = boundaries.findIndex((boundary) => at < boundary)
    cells.at(column)?.push(word)
  }
  return cells
}

function withoutEmptyColumns(grid: readonly UprightWord[][][]): UprightWord[][][] {
  const used = (grid[0] ?? []).map((_, column) =>
    grid.some((cells) => (cells[column]?.length ?? 0) > 0),
  )
  return grid.map((cells) => cells.filter((_, column) => used[column]))
}

/** Three rows at least, or two of three columns; two filled columns, and a column of short cells. */
function isTable(grid: readonly (readonly UprightWord[][])[]): boolean {
  const columns = grid[0]?.length ?? 0
  if (grid.length < (columns > 2 ? 2 : 3)) return false
  const filled = Array.from({ length: columns }, (_, column) =>
    grid.flatMap((cells) => (cells[column]?.length ?? 0) || []),
  )
  return (
    filled.filter((lengths) => lengths.length >= grid.length * 0.4).length >= 2 &&
    filled.some((lengths) => lengths.length >= grid.length * 0.4 && median(lengths) <= 3)
  )
}

/** A row with one cell below another, not in the first column, goes on with it. */
function joinWrapped(grid: readonly UprightWord[][][]): UprightWord[][][] {
  const joined: UprightWord[][][] = []
  for (const cells of grid) {
    const filled = cells.flatMap((words, column) => (words.length > 0 ? [column] : []))
    const [column = 0] = filled
    const above = joined.at(-1)
    const cell = above?.[column]
    if (above === undefined || filled.length !== 1 || column === 0 || (cell?.length ?? 0) === 0)
      joined.push(cells)
    else above[column] = [...(cell ?? []), ...(cells[column] ?? [])]
  }
  return joined
}

const figure = /\d/
const onlyFigures = /^[^\p{L}]*\d[^\p{L}]*$/u
const year = /^(?:1[5-9]|20)\d\d$/

/** Whether the first row has words, or years, where the columns below have figures. */
function isHeader([first = [], ...others]: readonly (readonly string[])[]): boolean {
  if (first.filter((cell) => cell !== '').length < 2) return false
  const named = first.filter((_, column) => {
    const below = others.map((cells) => cells[column] ?? '').filter((cell) => cell !== '')
    return below.filter((cell) => figure.test(cell)).length > below.length / 2
  })
  if (named.length === 0) return first.every((cell) => !figure.test(cell))
  return named.every((cell) => !onlyFigures.test(cell) || year.test(cell))
}
