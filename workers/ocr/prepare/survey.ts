import type { BBox } from '../../../shared/contract.ts'
import { estimateBackground, flatten } from './background.ts'
import { findComponents, type Components } from './components.ts'
import { findGlyphs, textHeight, turnGlyph, type Glyph } from './glyphs.ts'
import { shrink, type Grey } from './grey.ts'
import { findPanels, repaintPanels } from './panels.ts'
import { lettersOf, sampleSlopes, type SlopeSample } from './slope.ts'
import { fitSlopes, slopeAt, strayOf, type SlopeField } from './slope-field.ts'

/** What a look at an upright page tells before it is read. All measures are in the page's pixels. */
export interface Survey {
  /** The page, its dark panels made like the rest of it. */
  page: Grey
  /** Height of a line's capitals, 0 where there is next to no writing. */
  textHeight: number
  glyphs: readonly Glyph[]
  samples: readonly SlopeSample[]
  /** How lines run, where they do not run level. */
  slopes: SlopeField | undefined
  /** The box round everything that is not paper. */
  content: BBox
  /** Letters stand side by side in lines, along the page or down it: without, it is a picture, or has a word or two. */
  hasLines: boolean
  /** There is nothing on the page. */
  isBlank: boolean
  /** Its letters stand in columns: it is to be turned by 90 or 270 degrees. */
  isSideways: boolean
}

/** Pages are looked at in about so many pixels: letters are still some ten pixels high there. */
const surveyPixels = 3e6
const tileSide = 32
const surveyGain = 4
/** On a flattened page, ink is darker than this. */
const inkBelow = 150
/** Below this slope (0.46 degrees) moving lines costs more than it gives. */
const leastSlope = 0.008

export function surveyPage(given: Grey): Survey {
  const factor = Math.max(1, Math.round(Math.sqrt((given.width * given.height) / surveyPixels)))
  const first = shrink(given, factor)
  const firstBackground = estimateBackground(first, tileSide)
  const panels = findPanels(first, firstBackground)
  const page = panels === undefined ? given : repaintPanels(given, panels, factor)
  const small = panels === undefined ? first : shrink(page, factor)
  const background = panels === undefined ? firstBackground : estimateBackground(small, tileSide)
  const components = findComponents(flatten(small, background, surveyGain), inkBelow)
  const glyphs = findGlyphs(components, small.height, factor)
  const height = textHeight(glyphs)
  const samples = height === 0 ? [] : sampleSlopes(glyphs, height)
  const down = height === 0 ? [] : sampleSlopes(glyphs.map(turnGlyph), height)
  const runDown = lettersOf(down) > muchMore * lettersOf(samples)
  const hasLines = areLines(runDown ? down : samples)
  return {
    page,
    textHeight: height,
    glyphs,
    samples,
    slopes: hasLines ? slopesOf(samples) : undefined,
    content: contentOf(components, factor, page),
    hasLines,
    isBlank: components.area.every((ink) => ink < leastInk),
    isSideways: hasLines && runDown,
  }
}

/** Fewer letters in lines are what a picture's texture gives, too. */
const fewestLetters = 20
/** Lines of writing stray less from their neighbours' slope: 0.018 at most on 100 pages of text, 0.058 at least in grain. */
const mostStray = 0.035

function areLines(samples: readonly SlopeSample[]): boolean {
  if (lettersOf(samples) < fewestLetters) return false
  const field = fitSlopes(samples)
  return field === undefined || strayOf(field, samples) <= mostStray
}

function slopesOf(samples: readonly SlopeSample[]): SlopeField | undefined {
  const field = fitSlopes(samples)
  if (field === undefined) return undefined
  const slopes = samples.map(({ x, y }) => Math.abs(slopeAt(field, x, y))).toSorted((a, b) => a - b)
  return (slopes[Math.floor(slopes.length * 0.8)] ?? 0) < leastSlope ? undefined : field
}

/** So many times the letters in lines must stand in columns: a narrow receipt is not taken for a page on its side. */
const muchMore = 1.5

/** Smaller pieces of ink, in pixels of the surveyed image, are dust. */
const leastInk = 8

function contentOf(
  { count, x0, y0, x1, y1, area }: Components,
  factor: number,
  { width, height }: Grey,
): BBox {
  const box: BBox = { x0: width, y0: height, x1: 0, y1: 0 }
  for (let at = 0; at < count; at += 1) {
    if ((area[at] ?? 0) < leastInk) continue
    box.x0 = Math.min(box.x0, (x0[at] ?? 0) * factor)
    box.y0 = Math.min(box.y0, (y0[at] ?? 0) * factor)
    box.x1 = Math.max(box.x1, (x1[at] ?? 0) * factor)
    box.y1 = Math.max(box.y1, (y1[at] ?? 0) * factor)
  }
  return box.x1 > box.x0 ? box : { x0: 0, y0: 0, x1: width, y1: height }
}
