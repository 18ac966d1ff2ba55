import type { BBox } from '../../../shared/contract/result/layout.ts'
import { flatten } from './background/background.ts'
import { isRendered } from './background/contrast.ts'
import { findComponents, type Components } from './letters/components.ts'
import { eraseFrames } from './letters/frames.ts'
import { turnGlyph, type Glyph } from './letters/glyph.ts'
import { findGlyphs, textHeight } from './letters/glyphs.ts'
import type { Grey } from './grey.ts'
import { countLetters, findLines, type TextLine } from './letters/lines.ts'
import type { PageLook } from './look.ts'
import { upperMedian } from './median.ts'
import { lettersOf, sampleSlopes, type SlopeSample } from './slope/slope.ts'
import { findCells, hasRules } from './letters/table.ts'
import { areMarks, isGrain } from './letters/texture.ts'
import { fitSlopes, slopeAt, strayOf, type SlopeField } from './slope/slope-field.ts'

/** Measurements of an upright page before it is read. All lengths are in the page's pixels. */
export interface PageSurvey {
  /** The page, with its dark panels repainted and the frames of its cells erased. */
  page: Grey
  /** Height of a line's capitals, 0 where there is almost no writing. */
  textHeight: number
  glyphs: readonly Glyph[]
  /** Pieces of lines along the page: the text to read. */
  lines: readonly TextLine[]
  samples: readonly SlopeSample[]
  /** Height of a part of the letters that is much smaller than most, 0 where there is none. */
  smallPrint: number
  /** A part of the letters are columns of figures: no dictionary helps to read them, so they need more pixels. */
  hasFigures: boolean
  /** The letters are short cells in rows, mostly figures, without rules between them. */
  isTable: boolean
  /** Slopes of the lines, where they are not level. */
  slopes: SlopeField | undefined
  /** Bounding box of everything that is not paper. */
  content: BBox
  /**
   * Letters stand side by side in lines, along the page or down it: otherwise it is a picture, or has a word or two.
   */
  hasLines: boolean
  /** The letters in lines may be marks in rows or grain instead: only a credible reading shows that they are text. */
  isTexture: boolean
  /** They are grain: pieces of the least size, in thousands. */
  isGrain: boolean
  /** The page was rendered, not scanned: its paper has no grain. */
  isRendered: boolean
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

/** Minimum number of letters in a line: three may be in line by chance. */
const minInLine = 4

/** Surveys a page; the page itself stays as it is. */
export function surveyPage({ page, small, factor, background }: PageLook): PageSurvey {
  const components = findComponents(flatten(small, background, surveyGain), inkBelow)
  const glyphs = findGlyphs(components, small.height, factor)
  const turned = glyphs.map(turnGlyph)
  const [across, down] = [findLines(glyphs, minInLine), findLines(turned, minInLine)]
  const runDown = areDown(across, down)
  const lines = runDown ? down : across
  const height = heightOfText(runDown ? turned : glyphs, lines)
  const samples = height === 0 ? [] : sampleSlopes(glyphs, height)
  const along = runDown && height > 0 ? sampleSlopes(turned, height) : samples
  const cells = findCells(glyphs)
  const hasCells = !runDown && cells.areTable
  const isRuled = hasCells && hasRules(components, height / factor)
  const areGrain = isGrain(lines, factor)
  const hasLines = areLines(along) || areFewWords(lines, glyphs) || hasCells
  return {
    page: eraseFrames(page, components, height / factor, factor),
    textHeight: height,
    glyphs,
    lines: runDown ? [] : hasCells ? findLines(glyphs, 1) : across,
    samples,
    smallPrint: smallOf(lines, height),
    hasFigures: !runDown && cells.arePart,
    isTable: hasCells && !isRuled,
    slopes: hasLines && !runDown ? slopesOf(samples) : undefined,
    content: contentOf(components, factor, page),
    hasLines,
    isTexture: areGrain || areMarks(lines),
    isGrain: areGrain,
    isRendered: isRendered(page),
    isBlank: components.area.every((ink) => ink < minInk),
    isSideways: hasLines && runDown,
  }
}

/**
 * The lines run down the page: there, more letters follow each other closely. Letters that are spaced out are counted
 * however far apart they are.
 */
function areDown(across: readonly TextLine[], down: readonly TextLine[]): boolean {
  const [closeAcross, closeDown] = [across, down].map((lines) =>
    lines.reduce((sum, { close }) => sum + close, 0),
  )
  const areSpaced = (closeAcross ?? 0) + (closeDown ?? 0) < minTelling
  return areSpaced
    ? countLetters(down) > muchMore * countLetters(across)
    : (closeDown ?? 0) > muchMore * (closeAcross ?? 0)
}

/** Height of the writing. Lines decide where pieces outside of lines suggest another height. */
function heightOfText(glyphs: readonly Glyph[], lines: readonly TextLine[]): number {
  const height = textHeight(glyphs)
  if (countLetters(lines) < minTelling) return height
  const heights = lines.flatMap((line) => line.letters.map(() => line.height))
  const ofLines = upperMedian(heights)
  return height > maxOdd * ofLines || height * maxOdd < ofLines ? ofLines : height
}

/** Height of the lines that hold the smallest 15 % of the letters, 0 where it is not much less than the usual one. */
function smallOf(lines: readonly TextLine[], usual: number): number {
  const heights = lines.flatMap((line) => line.letters.map(() => line.height))
  const small = heights.toSorted((a, b) => a - b)[Math.floor(heights.length * 0.15)] ?? usual
  return small < maxSmall * usual ? small : 0
}

/** Print of less than this share of the height is small. */
const maxSmall = 0.72

/** Fewer letters in lines give no reliable height. */
const minTelling = 8
/** Letters in lines and all pieces differ by this factor where many pieces are no letters. */
const maxOdd = 1.5

/** A banner, a label: fewer letters than a picture yields by chance, but almost all of its pieces are letters. */
const areFewWords = (lines: readonly TextLine[], { length }: readonly Glyph[]): boolean =>
  countLetters(lines) >= Math.max(minTelling, 0.5 * length)

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
