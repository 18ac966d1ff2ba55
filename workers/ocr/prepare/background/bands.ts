import type { BBox } from '../../../../shared/contract/result/layout.ts'
import type { Grey } from '../grey.ts'
import { countPanelLetters } from './panel-letters.ts'
import { gatherPanels, type Panel } from './regions.ts'

/** Side of the tiles in which bands are found, pixels of the image: a head of a table is at least two high. */
const side = 8
/** Bands have at least so many columns and between these numbers of rows; larger ones are panels. */
const [minColumns, minRows, maxRows] = [12, 2, 14]
/** This share of the tiles of its box is dark: the others have broad light letters. */
const minFilled = 0.7
/** Light letters in lines of a band, and their majority over dark ones. */
const [minLetters, majority] = [5, 1.5]
/** Cells of a head may be years. */
const minInLine = 3

/** A dark box, and the factor that makes its paper white when it is inverted. */
export interface DarkBand extends BBox {
  gain: number
}

/** Finds dark boxes with a line or two of light text, as the head of a table is; in pixels of the image. */
export function findBands(image: Grey, dark: number): DarkBand[] {
  const columns = Math.floor(image.width / side)
  const isDark = darkTiles(image, columns, dark)
  return gatherPanels(isDark, columns)
    .filter((region) => isBand(region))
    .flatMap((region) => {
      const box = boxOf(image, region, dark)
      const tiles = tilesIn(region, columns)
      const about = { columns, side, own: ownOf(image, box, dark), tiles: isDark.length }
      const light = countPanelLetters(image, { ...region, tiles }, about, true, minInLine)
      if (light < minLetters) return []
      const dim = countPanelLetters(image, { ...region, tiles }, about, false, minInLine)
      return light > majority * dim ? [{ ...box, gain: 255 / (255 - about.own) }] : []
    })
}

/** Ones for the tiles of which more than half is dark. */
function darkTiles({ data, width, height }: Grey, columns: number, dark: number): Float32Array {
  const rows = Math.floor(height / side)
  const counts = new Float32Array(columns * rows)
  for (let y = 0; y < rows * side; y += 1) {
    const first = Math.floor(y / side) * columns
    for (let x = 0, at = y * width; x < columns * side; x += 1, at += 1) {
      if ((data[at] ?? 0) < dark) {
        const tile = first + ((x / side) | 0)
        counts[tile] = (counts[tile] ?? 0) + 1
      }
    }
  }
  return counts.map((count) => (2 * count > side * side ? 1 : 0))
}

function isBand({ tiles, left, right, top, bottom }: Panel): boolean {
  const [across, down] = [right - left + 1, bottom - top + 1]
  const isLow = down >= minRows && down <= maxRows && across >= 2 * down
  return isLow && across >= minColumns && tiles.length >= minFilled * across * down
}

/** All tiles of a region's box, also those with broad light letters. */
function tilesIn({ left, right, top, bottom }: Panel, columns: number): number[] {
  const tiles: number[] = []
  for (let row = top; row <= bottom; row += 1)
    for (let column = left; column <= right; column += 1) tiles.push(row * columns + column)
  return tiles
}

/** The exact box: rows and columns beside the dark tiles that are dark for more than half of their length. */
function boxOf(image: Grey, { left, right, top, bottom }: Panel, dark: number): BBox {
  const box = { x0: left * side, y0: top * side, x1: (right + 1) * side, y1: (bottom + 1) * side }
  const shareOf = (x0: number, y0: number, x1: number, y1: number): number => {
    let count = 0
    for (let y = y0; y < y1; y += 1) {
      for (let x = x0; x < x1; x += 1)
        if ((image.data[y * image.width + x] ?? 255) < dark) count += 1
    }
    return count / Math.max(1, (x1 - x0) * (y1 - y0))
  }
  const isRow = (y: number): boolean => shareOf(box.x0, y, box.x1, y + 1) > 0.5
  const isColumn = (x: number): boolean => shareOf(x, box.y0, x + 1, box.y1) > 0.5
  for (let step = 0; step < side; step += 1) {
    if (box.y0 > 0 && isRow(box.y0 - 1)) box.y0 -= 1
    if (box.y1 < image.height && isRow(box.y1)) box.y1 += 1
    if (box.x0 > 0 && isColumn(box.x0 - 1)) box.x0 -= 1
    if (box.x1 < image.width && isColumn(box.x1)) box.x1 += 1
  }
  while (box.y1 - box.y0 > side && !isRow(box.y0)) box.y0 += 1
  while (box.y1 - box.y0 > side && !isRow(box.y1 - 1)) box.y1 -= 1
  while (box.x1 - box.x0 > side && !isColumn(box.x0)) box.x0 += 1
  while (box.x1 - box.x0 > side && !isColumn(box.x1 - 1)) box.x1 -= 1
  return box
}

/** Mean brightness of the dark pixels of a box. */
function ownOf({ data, width }: Grey, { x0, y0, x1, y1 }: BBox, dark: number): number {
  let [sum, count] = [0, 0]
  for (let y = y0; y < y1; y += 1) {
    for (let x = x0; x < x1; x += 1) {
      const value = data[y * width + x] ?? 255
      if (value < dark) [sum, count] = [sum + value, count + 1]
    }
  }
  return count === 0 ? 0 : sum / count
}

/** The edges of a band are soft for this many pixels of the image: inverted, they would be rules. */
const soft = 2

/** Inverts a band of a page, which has `factor` pixels for each of the band, and paints its edges white. */
export function repaintBand({ data, width, height }: Grey, band: DarkBand, factor: number): void {
  const [left, top] = [
    Math.max(0, (band.x0 - soft) * factor),
    Math.max(0, (band.y0 - soft) * factor),
  ]
  const [right, bottom] = [
    Math.min(width, (band.x1 + soft) * factor),
    Math.min(height, (band.y1 + soft) * factor),
  ]
  const [edgeX, edgeY] = [(band.x0 + soft) * factor, (band.y0 + soft) * factor]
  const [endX, endY] = [(band.x1 - soft) * factor, (band.y1 - soft) * factor]
  for (let y = top; y < bottom; y += 1) {
    for (let x = left, at = y * width + left; x < right; x += 1, at += 1) {
      const isInside = x >= edgeX && x < endX && y >= edgeY && y < endY
      data[at] = isInside ? Math.min(255, (255 - (data[at] ?? 0)) * band.gain) : 255
    }
  }
}
