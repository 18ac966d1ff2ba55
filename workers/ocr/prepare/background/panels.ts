import type { Grey } from '../grey.ts'
import type { Background } from './background.ts'
import { findBands, repaintBand, type DarkBand } from './bands.ts'
import { countPanelLetters, type PanelAbout } from './panel-letters.ts'
import { gatherPanels, type Panel } from './regions.ts'

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
  /** Dark boxes with a line of light text, too low for tiles: heads of tables. Pixels of the image. */
  bands: readonly DarkBand[]
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
    for (const panel of gatherPanels(isDarker, columns).filter(isLarge)) {
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
  const isKept = ({ x0, y0, x1, y1 }: DarkBand): boolean => {
    const [x, y] = [Math.floor((x0 + x1) / 2 / side), Math.floor((y0 + y1) / 2 / side)]
    return tiles[y * columns + x] === keep
  }
  const bands = findBands(image, dark).filter(isKept)
  if (bands.length === 0 && tiles.every((fate) => fate === keep)) return undefined
  fillHoles(tiles, gains, columns)
  const light = paper.filter((_, at) => tiles[at] === keep)
  return {
    tiles,
    gains,
    columns,
    side,
    paper: light.length === 0 ? 255 : quantileOf(light, 0.5),
    bands,
  }
}

/** Tiles of a hole in an inverted panel: more are a light box with writing of its own. */
const maxHole = 3

/** Inverts the tiles that an inverted panel encloses: there, broad light letters cover most of a tile. */
function fillHoles(tiles: Uint8Array, gains: Float32Array, columns: number): void {
  const isKept = Float32Array.from(tiles, (fate) => (fate === keep ? 1 : 0))
  for (const hole of gatherPanels(isKept, columns)) {
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

const isLarge = ({ tiles, left, top, right, bottom }: Panel): boolean =>
  tiles.length >= minTiles && right - left + 1 >= minColumns && bottom - top + 1 >= minRows

/**
 * Makes the panels of a page look like the rest of it. `factor`: page pixels per pixel of the image in which the panels
 * were found.
 */
export function repaintPanels(
  page: Grey,
  { tiles, gains, columns, side, paper, bands }: Panels,
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
  for (const band of bands) repaintBand({ ...page, data }, band, factor)
  return { ...page, data }
}
