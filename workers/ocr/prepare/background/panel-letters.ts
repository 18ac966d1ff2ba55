import type { Grey } from '../grey.ts'
import { findComponents } from '../letters/components.ts'
import { turnGlyph } from '../letters/glyph.ts'
import { findGlyphs } from '../letters/glyphs.ts'
import { countLetters, findLines } from '../letters/lines.ts'
import { estimateBackground, flatten } from './background.ts'
import type { Panel } from './regions.ts'

/** Tiles around a panel that its background estimate uses: tiles farther away say nothing about it. */
const surround = 3

/** Properties of a panel's grid. */
export interface PanelAbout {
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
export function countPanelLetters(
  image: Grey,
  panel: Panel,
  { columns, side, own }: PanelAbout,
  isInverted: boolean,
  leastInLine = minInLine,
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
  const flat = flatten(cut, estimateBackground(cut, tileSide), 1)
  const glyphs = findGlyphs(findComponents(flat, 128), image.height, 1)
  return Math.max(
    countLetters(findLines(glyphs, leastInLine)),
    countLetters(findLines(glyphs.map(turnGlyph), leastInLine)),
  )
}

/** Side of the background's tiles, pixels. */
const tileSide = 32

/** Shorter lines occur in the grain of a picture by chance. */
const minInLine = 5
