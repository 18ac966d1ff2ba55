import { estimateBackground, flatten, type Background } from './background.ts'
import { findComponents } from '../letters/components.ts'
import { turnGlyph } from '../letters/glyph.ts'
import { findGlyphs } from '../letters/glyphs.ts'
import type { Grey } from '../grey.ts'
import { countLetters, findLines } from '../letters/lines.ts'

/** Treatment of a tile: unchanged, inverted from light on dark to dark on light, or painted as paper. */
const [keep, invert, blank] = [0, 1, 2]

/** Large dark parts of a page, tile by tile: a slide, a table's header, a scanner's lid, the surface under a book. */
interface Panels {
  tiles: Uint8Array
  /** Factor that makes the paper of an inverted tile white. */
  gains: Float32Array
  columns: number
  /** Side of a tile, pixels. */
  side: number
  /** Brightness of the paint for blank parts. */
  paper: number
}

/** Tiles that are mostly darker than this belong to a panel: writing covers less than half of a tile. */
const dark = 110
/** So do tiles that are darker than the page's paper by this factor: boxes of a colour. */
const shaded = 0.75
/** Smaller panels are the strokes of a headline, or a stamp. */
const [minTiles, minColumns, minRows] = [24, 6, 3]
/** Letters in lines for which a panel counts as written, by its size, and their majority over the other brightness. */
const [minLetters, minOfLarge, majority] = [6, 10, 1.5]
/** Tiles per letter: the edge of a page on a dark surface has some letters, too; a panel that is the page may have few. */
const [maxTiles, mostOfPage] = [10, 0.8]

/** Finds the panels of an image and decides their treatment. Undefined where there is none to change. */
export function findPanels(image: Grey, background: Background): Panels | undefined {
  const { middle, paper, columns, side } = background
  const tiles = new Uint8Array(middle.length)
  const gains = new Float32Array(middle.length).fill(1)
  const lightest = shaded * quantileOf(paper, 0.9)
  // Only inversion concerns all shades: else a shadow around a dark surface would join it to the page.
  for (const limit of [Math.max(dark, lightest), dark]) {
    const isDarker = middle.map((value, at) => (value < limit && tiles[at] === keep ? 1 : 0))
    for (const panel of gatherPanels(labelTiles(isDarker, columns), columns).filter(isLarge)) {
      const own = quantileOf(
        Float32Array.from(panel.tiles, (at) => middle[at] ?? 0),
        0.5,
      )
      const fate = fateOf(image, panel, { columns, side, own, tiles: middle.length })
      if (fate !== invert && limit !== dark) continue
      for (const at of panel.tiles) {
        tiles[at] = fate
        if (fate === invert && own >= dark) gains[at] = 255 / (255 - own)
      }
    }
  }
  if (tiles.every((fate) => fate === keep)) return undefined
  fillHoles(tiles, gains, columns)
  const light = paper.filter((_, at) => tiles[at] === keep)
  return { tiles, gains, columns, side, paper: light.length === 0 ? 255 : quantileOf(light, 0.5) }
}

/** Tiles of a hole in an inverted panel: more are a light box with writing of its own. */
const maxHole = 3

/** Inverts the tiles that an inverted panel encloses: there, broad light letters cover most of a tile. */
function fillHoles(tiles: Uint8Array, gains: Float32Array, columns: number): void {
  const isKept = Float32Array.from(tiles, (fate) => (fate === keep ? 1 : 0))
  for (const hole of gatherPanels(labelTiles(isKept, columns), columns)) {
    const rows = tiles.length / columns
    const isAtEdge = hole.left === 0 || hole.top === 0 || hole.right === columns - 1
    if (hole.tiles.length > maxHole || isAtEdge || hole.bottom === rows - 1) continue
    const around = hole.tiles
      .flatMap((at) => [at - columns, at + columns, at - 1, at + 1])
      .filter((at) => !hole.tiles.includes(at))
    if (around.some((at) => tiles[at] !== invert)) continue
    for (const at of hole.tiles) {
      tiles[at] = invert
      gains[at] = gains[around[0] ?? at] ?? 1
    }
  }
}

const quantileOf = (values: Float32Array, share: number): number =>
  values.toSorted()[Math.floor(values.length * share)] ?? 255

/** Treatment by the letters in lines: light ones turn a panel, dark ones keep it, and a dark one without any is blank. */
function fateOf(image: Grey, panel: Panel, about: PanelAbout): number {
  const light = countPanelLetters(image, panel, about, true)
  const { length } = panel.tiles
  const least = Math.min(minOfLarge, Math.max(minLetters, length / 40))
  if (about.own >= dark && light < least) return keep
  const dim = countPanelLetters(image, panel, about, false)
  if (light >= least && light > majority * dim) return invert
  const isPage = length > mostOfPage * about.tiles
  const isWritten = dim >= least && (isPage || dim * maxTiles >= length)
  return about.own >= dark || isWritten ? keep : blank
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

interface PanelAbout {
  /** Number of the image's tiles. */
  tiles: number
  columns: number
  side: number
  /** Brightness of most of the panel. */
  own: number
}

/**
 * Cuts the panel out, inverted or as it is, and counts the letters in lines, along the page or down it: the page may
 * lie on its side.
 */
function countPanelLetters(
  image: Grey,
  panel: Panel,
  { columns, side, own }: PanelAbout,
  isInverted: boolean,
): number {
  const left = Math.max(0, panel.left - surround) * side
  const top = Math.max(0, panel.top - surround) * side
  const width = Math.min(image.width, (panel.right + 1 + surround) * side) - left
  const height = Math.min(image.height, (panel.bottom + 1 + surround) * side) - top
  const paper = isInverted ? 255 - own : own
  const cut = { data: new Uint8Array(width * height).fill(paper), width, height }
  for (const at of panel.tiles) {
    const x = (at % columns) * side - left
    const y = Math.floor(at / columns) * side - top
    const [end, bottom] = [Math.min(x + side, width), Math.min(y + side, height)]
    for (let row = y; row < bottom; row += 1) {
      let from = (top + row) * image.width + left + x
      for (let to = row * width + x; to < row * width + end; to += 1, from += 1) {
        const value = image.data[from] ?? 0
        cut.data[to] = isInverted ? 255 - value : value
      }
    }
  }
  const flat = flatten(cut, estimateBackground(cut, side), 1)
  const glyphs = findGlyphs(findComponents(flat, 128), image.height, 1)
  return Math.max(
    countLetters(findLines(glyphs, minInLine)),
    countLetters(findLines(glyphs.map(turnGlyph), minInLine)),
  )
}

/** Shorter lines occur in the grain of a picture by chance. */
const minInLine = 5

/**
 * Makes the panels of a page look like the rest of it. `factor`: page pixels per pixel of the image in which the panels
 * were found.
 */
export function repaintPanels(
  page: Grey,
  { tiles, gains, columns, side, paper }: Panels,
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
    const gain = gains[at] ?? 1
    const bottom = at + columns >= tiles.length ? page.height : top + step
    for (let y = top; y < bottom; y += 1) {
      const [start, end] = [y * page.width + left, y * page.width + right]
      if (fate === blank) data.fill(paper, start, end)
      else {
        for (let to = start; to < end; to += 1) {
          data[to] = Math.min(255, (255 - (data[to] ?? 0)) * gain)
        }
      }
    }
  })
  return { ...page, data }
}
