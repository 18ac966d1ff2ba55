import { estimateBackground, flatten, type Background } from './background.ts'
import { findComponents } from '../components.ts'
import { findGlyphs, textHeight, turnGlyph } from '../glyphs.ts'
import type { Grey } from '../grey.ts'
import { sampleSlopes } from '../slope/slope.ts'

/** Treatment of a tile: unchanged, inverted from light on dark to dark on light, or painted as paper. */
const [keep, invert, blank] = [0, 1, 2]

/** Large dark parts of a page, tile by tile: a slide, a table's header, a scanner's lid, the surface under a book. */
interface Panels {
  tiles: Uint8Array
  columns: number
  /** Side of a tile, pixels. */
  side: number
  /** Brightness of the paint for blank parts. */
  paper: number
}

/** Tiles that are mostly darker than this belong to a panel: writing covers less than half of a tile. */
const dark = 110
/** Smaller panels are the strokes of a headline, or a stamp. */
const [minTiles, minColumns, minRows] = [24, 6, 3]
/** Minimum number of light text lines for which a panel is inverted. */
const minLines = 2

/** Finds the panels of an image and decides their treatment. Undefined without panels. */
export function findPanels(image: Grey, background: Background): Panels | undefined {
  const { middle, paper, columns, side } = background
  const labels = labelTiles(
    middle.map((value) => (value < dark ? 1 : 0)),
    columns,
  )
  const panels = gatherPanels(labels, columns).filter(isLarge)
  if (panels.length === 0) return undefined
  const tiles = new Uint8Array(middle.length)
  for (const panel of panels) {
    const fate = countLightLines(image, panel, columns, side) >= minLines ? invert : blank
    for (const at of panel.tiles) tiles[at] = fate
  }
  const light = paper.filter((_, at) => tiles[at] === keep).toSorted()
  return { tiles, columns, side, paper: light[light.length >> 1] ?? 255 }
}

/** The tiles of one panel, and their bounding box in columns and rows, both ends inclusive. */
interface Panel {
  tiles: number[]
  left: number
  top: number
  right: number
  bottom: number
}

function gatherPanels(labels: Int32Array, columns: number): Panel[] {
  const panels = new Map<number, Panel>()
  labels.forEach((label, at) => {
    if (label === 0) return
    const [x, y] = [at % columns, Math.floor(at / columns)]
    const panel = panels.get(label) ?? { tiles: [], left: x, top: y, right: x, bottom: y }
    panel.tiles.push(at)
    panel.left = Math.min(panel.left, x)
    panel.right = Math.max(panel.right, x)
    panel.bottom = y
    panels.set(label, panel)
  })
  return [...panels.values()]
}

const isLarge = ({ tiles, left, top, right, bottom }: Panel): boolean =>
  tiles.length >= minTiles && right - left + 1 >= minColumns && bottom - top + 1 >= minRows

/** Numbers the 4-connected regions of ones, from 1. */
function labelTiles(ones: Float32Array, columns: number): Int32Array {
  const labels = new Int32Array(ones.length)
  let label = 0
  ones.forEach((one, start) => {
    if (one === 0 || labels[start] !== 0) return
    label += 1
    const stack = [start]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (ones[at] !== 1 || labels[at] !== 0) continue
      labels[at] = label
      stack.push(at - columns, at + columns)
      if (at % columns > 0) stack.push(at - 1)
      if (at % columns < columns - 1) stack.push(at + 1)
    }
  })
  return labels
}

/** Tiles around a panel that its background estimate uses: tiles farther away say nothing about it. */
const surround = 3

/**
 * Inverts only the panel and looks for lines of letters in it, along the page or down it, because the page may be on
 * its side.
 */
function countLightLines(image: Grey, panel: Panel, columns: number, side: number): number {
  const left = Math.max(0, panel.left - surround) * side
  const top = Math.max(0, panel.top - surround) * side
  const width = Math.min(image.width, (panel.right + 1 + surround) * side) - left
  const height = Math.min(image.height, (panel.bottom + 1 + surround) * side) - top
  const inverted = { data: new Uint8Array(width * height).fill(255), width, height }
  for (const at of panel.tiles) {
    const x = (at % columns) * side - left
    const y = Math.floor(at / columns) * side - top
    const [end, bottom] = [Math.min(x + side, width), Math.min(y + side, height)]
    for (let row = y; row < bottom; row += 1) {
      let from = (top + row) * image.width + left + x
      for (let to = row * width + x; to < row * width + end; to += 1, from += 1) {
        inverted.data[to] = 255 - (image.data[from] ?? 0)
      }
    }
  }
  const flat = flatten(inverted, estimateBackground(inverted, side), 1)
  const glyphs = findGlyphs(findComponents(flat, 128), image.height, 1)
  const [lines, columnsOfLetters] = [glyphs, glyphs.map(turnGlyph)].map(
    (each) => sampleSlopes(each, textHeight(glyphs)).length,
  )
  return Math.max(lines ?? 0, columnsOfLetters ?? 0)
}

/**
 * Makes the panels of a page look like the rest of it. `factor`: page pixels per pixel of the image in which the panels
 * were found.
 */
export function repaintPanels(
  page: Grey,
  { tiles, columns, side, paper }: Panels,
  factor: number,
): Grey {
  const data = new Uint8Array(page.data)
  const step = side * factor
  tiles.forEach((fate, at) => {
    if (fate === keep) return
    const left = (at % columns) * step
    // The last tiles also take the pixels at the right and the bottom that shrinking dropped.
    const right = at % columns === columns - 1 ? page.width : left + step
    const top = Math.floor(at / columns) * step
    const bottom = at + columns >= tiles.length ? page.height : top + step
    for (let y = top; y < bottom; y += 1) {
      const [start, end] = [y * page.width + left, y * page.width + right]
      if (fate === blank) data.fill(paper, start, end)
      else for (let to = start; to < end; to += 1) data[to] = 255 - (data[to] ?? 0)
    }
  })
  return { ...page, data }
}
