import type { Background } from './background/background.ts'
import { cropGrey } from './grey.ts'
import type { PageLook } from './look.ts'
import { upperMedian } from './median.ts'
import { findComponents, type Components } from './letters/components.ts'

/** The page is sampled in a grid of so many squares along and down, each of this side, pixels of the page. */
const [squares, side] = [8, 112]
/** Specks are darker than this share of the paper's brightness. */
const dark = 0.6
/** Pieces up to the first size may be specks; up to the second, they are compared with them. Pixels. */
const [maxSize, maxCompared] = [4, 8]
/** Most small pieces have the size of the specks: dust, grain and the parts of broken letters vary. */
const minAlike = 0.45
/**
 * A square has at least this many specks in the middle of all squares; in four of five at least this share of that:
 * specks lie everywhere, leaders, halftones and small print do not.
 */
const [minSpecks, minEven] = [3, 0.5]

/**
 * Returns the side of the specks that cover a page evenly, 1 to 4 pixels of the page; 0 where there are none. A sample
 * of the page decides.
 */
export function findSpecks({ page, factor, background }: PageLook): number {
  if (page.width < squares * side || page.height < squares * side) return 0
  const counts: number[] = []
  const sizes = Array.from({ length: maxCompared + 1 }, () => 0)
  for (let square = 0; square < squares * squares; square += 1) {
    const [column, row] = [square % squares, Math.floor(square / squares)]
    const x = Math.floor(((column + 0.5) * page.width) / squares - side / 2)
    const y = Math.floor(((row + 0.5) * page.height) / squares - side / 2)
    const paper = paperAt(background, (x + side / 2) / factor, (y + side / 2) / factor)
    const cut = cropGrey(page, { x, y, width: side, height: side })
    counts.push(countSpecks(findComponents(cut, paper * dark), sizes))
  }
  const most = sizes.indexOf(Math.max(...sizes))
  const all = sizes.reduce((sum, count) => sum + count, 0)
  const middle = upperMedian(counts)
  const low = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 5)] ?? 0
  const areEven = middle >= minSpecks && low >= minEven * middle
  const areAlike = most <= maxSize && (sizes[most] ?? 0) >= minAlike * all
  return areEven && areAlike ? most : 0
}

function paperAt({ paper, columns, rows, side: tile }: Background, x: number, y: number): number {
  const column = Math.min(columns - 1, Math.floor(x / tile))
  const row = Math.min(rows - 1, Math.floor(y / tile))
  return paper[row * columns + column] ?? 0
}

/** Adds the small pieces of a square to `sizes`; returns how many may be specks. Pieces at its edge are cut. */
function countSpecks({ count, x0, y0, x1, y1 }: Components, sizes: number[]): number {
  let specks = 0
  for (let at = 0; at < count; at += 1) {
    const [left, top, right, bottom] = [x0[at] ?? 0, y0[at] ?? 0, x1[at] ?? 0, y1[at] ?? 0]
    const size = Math.max(right - left, bottom - top)
    const isCut = left === 0 || top === 0 || right === side || bottom === side
    if (isCut || size > maxCompared) continue
    sizes[size] = (sizes[size] ?? 0) + 1
    if (size <= maxSize) specks += 1
  }
  return specks
}
