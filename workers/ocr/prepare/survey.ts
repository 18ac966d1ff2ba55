import type { BBox } from '../../../shared/contract/result/layout.ts'
import { flatten } from './background/background.ts'
import { findComponents, type Components } from './components.ts'
import { findGlyphs, textHeight, turnGlyph, type Glyph } from './glyphs.ts'
import type { Grey } from './grey.ts'
import type { PageLook } from './look.ts'
import { lettersOf, sampleSlopes, type SlopeSample } from './slope/slope.ts'
import { fitSlopes, slopeAt, strayOf, type SlopeField } from './slope/slope-field.ts'

/** Measurements of an upright page before it is read. All lengths are in the page's pixels. */
export interface PageSurvey {
  /** The page, with its dark panels repainted. */
  page: Grey
  /** Height of a line's capitals, 0 where there is almost no writing. */
  textHeight: number
  glyphs: readonly Glyph[]
  samples: readonly SlopeSample[]
  /** Slopes of the lines, where they are not level. */
  slopes: SlopeField | undefined
  /** Bounding box of everything that is not paper. */
  content: BBox
  /**
   * Letters stand side by side in lines, along the page or down it: otherwise it is a picture, or has a word or two.
   */
  hasLines: boolean
  /** The page is empty. */
  isBlank: boolean
  /** Its letters stand in columns: it needs a turn by 90 or 270 degrees. */
  isSideways: boolean
}

const surveyGain = 4
/** Ink on a flattened page is darker than this. */
const inkBelow = 150
/** Below this slope (0.46 degrees) levelling costs more than it gains. */
const minSlope = 0.008

/** Surveys a page without changing it. */
export function surveyPage({ page, small, factor, background }: PageLook): PageSurvey {
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
    isBlank: components.area.every((ink) => ink < minInk),
    isSideways: hasLines && runDown,
  }
}

/** The texture of a picture yields as many letters in lines as fewer than this. */
const minLetters = 20
/** Slopes of text lines deviate less from the field: 0.018 at most on 100 pages of text, 0.058 at least in grain. */
const maxStray = 0.035

function areLines(samples: readonly SlopeSample[]): boolean {
  if (lettersOf(samples) < minLetters) return false
  const field = fitSlopes(samples)
  return field === undefined || strayOf(field, samples) <= maxStray
}

function slopesOf(samples: readonly SlopeSample[]): SlopeField | undefined {
  const field = fitSlopes(samples)
  if (field === undefined) return undefined
  const slopes = samples.map(({ x, y }) => Math.abs(slopeAt(field, x, y))).toSorted((a, b) => a - b)
  return (slopes[Math.floor(slopes.length * 0.8)] ?? 0) < minSlope ? undefined : field
}

/**
 * Letters in columns must outnumber those in lines by this factor: a narrow receipt must not count as a page on its
 * side.
 */
const muchMore = 1.5

/** Smaller components, in pixels of the surveyed image, are dust. */
const minInk = 8

function contentOf(
  { count, x0, y0, x1, y1, area }: Components,
  factor: number,
  { width, height }: Grey,
): BBox {
  const box: BBox = { x0: width, y0: height, x1: 0, y1: 0 }
  for (let at = 0; at < count; at += 1) {
    if ((area[at] ?? 0) < minInk) continue
    box.x0 = Math.min(box.x0, (x0[at] ?? 0) * factor)
    box.y0 = Math.min(box.y0, (y0[at] ?? 0) * factor)
    box.x1 = Math.max(box.x1, (x1[at] ?? 0) * factor)
    box.y1 = Math.max(box.y1, (y1[at] ?? 0) * factor)
  }
  return box.x1 > box.x0 ? box : { x0: 0, y0: 0, x1: width, y1: height }
}
