import type { BBox } from '../../../shared/contract/result/layout.ts'
import { scaledSize } from './grey.ts'
import type { TextLine } from './letters/lines.ts'
import type { PagePoint, PageSize } from './mapping.ts'
import { lettersOf } from './slope/slope.ts'
import type { SlopeField } from './slope/slope-field.ts'
import { placeAfter, type Frame } from './slope/straighten.ts'
import type { PageSurvey } from './survey.ts'

interface LetterSize {
  /** Target height of a line's capitals, pixels. */
  textHeight: number
  /** Width of the writing relative to its original width, 0 to 1. */
  narrowing: number
}

/** The rendering that an attempt asks for. */
export interface RenderWishes extends LetterSize {
  /** For pages of many letters: they take the most time, and narrowing costs least there. */
  many?: LetterSize
  /** Writing between these heights keeps its size, as tables of figures always do. */
  keeps?: readonly [min: number, max: number]
  /** The same on rendered pages of few letters: shrinking them saves little, and a lost word weighs much. */
  keepsFew?: readonly [min: number, max: number]
  /** Maximum factor by which faint ink is darkened. */
  gain: number
}

/** Decisions about a rendering, which its steps carry out. */
export interface Rendering {
  frame: Frame
  /** Wished factors, across and down. */
  factor: PagePoint
  /** The factors that whole pixels allow. */
  scale: PagePoint
  /** Side of the background's tiles in the scaled image, pixels. */
  tileSide: number
  gain: number
  slopes: SlopeField | undefined
}

/**
 * Most printed pages have more letters in lines than this, most receipts and forms fewer. Specks do not count: old
 * paper has as many specks as letters.
 */
const manyLetters = 750
/** On pages of fewer letters nothing is saved by narrowing them. */
const fewLetters = 100
/** Enlarging writing beyond this factor only blurs it. */
const maxEnlargement = 4
const maxPixels = 30e6
/** A page without lines is a picture with a few words at most: on a sheet of A4 this many pixels are 147 dpi. */
const maxPicturePixels = 3e6
/** Maximum side that the engine accepts. */
const maxSide = 32_767
/** A scale this close to 1 does not repay its time. */
const nearlyOne = 0.06
/** Side of the background's tiles, in text heights. */
const tileHeights = 1.3

/** Decides how a surveyed page is rendered: its writing at the wished height, lines level, paper white. */
export function planRendering(survey: PageSurvey, wishes: RenderWishes): Rendering {
  const { page, slopes } = survey
  const frame = frameOf(survey)
  const { textHeight, narrowing } = sizeOf(survey, wishes)
  const maxScale = maxScaleOf(
    page,
    frame,
    survey.hasLines && !survey.isGrain ? maxPixels : maxPicturePixels,
  )
  const down = Math.min(scaleOf(survey, textHeight), maxScale)
  const factor = { x: down * narrowing, y: down }
  const scaled = scaledSize(page, factor.x, factor.y)
  const height = survey.textHeight === 0 ? 24 : survey.textHeight * down
  return {
    frame,
    factor,
    scale: { x: scaled.width / page.width, y: scaled.height / page.height },
    tileSide: Math.max(16, Math.round(height * tileHeights)),
    gain: wishes.gain,
    slopes,
  }
}

/** Writing of this height is read at its own scale: smaller letters are blurred, larger ones take longer. */
export const legible = [16, 40] as const

/** Chooses the size of a page's writing. */
function sizeOf(survey: PageSurvey, wishes: RenderWishes): LetterSize {
  const { samples, lines, isTable, isRendered, smallPrint, hasFigures, textHeight: own } = survey
  const { textHeight, narrowing, many } = wishes
  const letters = lettersOf(samples)
  const isFew = letters <= manyLetters
  const keeps = wishes.keeps ?? (isTable ? legible : undefined)
  const kept = keeps ?? (isFew && isRendered ? wishes.keepsFew : undefined)
  if (kept !== undefined && own >= kept[0] && own <= kept[1])
    return { textHeight: own, narrowing: 1 }
  if (keeps !== undefined) return { textHeight: own === 0 ? 0 : textHeight, narrowing: 1 }
  if (!isFew && smallPrint === 0 && !hasFigures && many !== undefined) {
    const widening = Math.max(1, usualWidth / letterWidthOf(lines))
    return { ...many, narrowing: Math.min(1, many.narrowing * widening) }
  }
  return { textHeight, narrowing: letters < fewLetters ? 1 : narrowing }
}

/** Width of letters that is narrowed in full, in heights of their lines; condensed print is narrow enough. */
const usualWidth = 0.55
/** Pieces whose widths vary by more than this are letters that touch or are broken. */
const maxVariation = 1.35

/** Width of most letters in lines, in heights of their lines; 1 where it varies too much to tell. */
function letterWidthOf(lines: readonly TextLine[]): number {
  const widths = lines
    .flatMap(({ letters, height }) => letters.map(({ x0, x1 }) => (x1 - x0) / height))
    .toSorted((a, b) => a - b)
  const quantile = (share: number): number => widths[Math.floor(widths.length * share)] ?? 1
  return quantile(0.7) > maxVariation * quantile(0.3) ? 1 : quantile(0.5)
}

/** Small print is not shrunk below this height: a slide's footer beside its title. */
const minSmallPrint = 13

function scaleOf(
  { textHeight, smallPrint, hasLines, isGrain }: PageSurvey,
  wanted: number,
): number {
  const least = smallPrint === 0 ? 0 : Math.min(1, minSmallPrint / smallPrint)
  const scale = textHeight === 0 ? 1 : Math.max(least, wanted / textHeight)
  // A page without lines is a picture, and its measured text height is grain: enlarging it would take longer than a
  // page of text.
  if (!hasLines || isGrain) return Math.min(1, scale)
  return Math.abs(scale - 1) < nearlyOne ? 1 : scale
}

/** Keeps both the whole page, which is scaled before its frame is cut out, and the frame within the limits. */
function maxScaleOf(page: PageSize, frame: PageSize, pixels: number): number {
  const width = Math.max(page.width, frame.width)
  const height = Math.max(page.height, frame.height)
  return Math.min(
    maxEnlargement,
    maxSide / Math.max(width, height),
    Math.sqrt(pixels / (width * height)),
  )
}

/** Margin of paper around the content of a page, in text heights. */
const margin = 3

/**
 * Returns the part of the page to read, in the page's pixels. A level page is read whole: cutting off its blank margins
 * saved 4 % of the time and cost 0.6 of F (the engine uses them to tell columns from rules). Straightening would lose
 * content that moves over the edge, and add empty corners, so the frame of a straightened page follows its content.
 */
function frameOf({ page, content, slopes, textHeight }: PageSurvey): Frame {
  if (slopes === undefined) return { x: 0, y: 0, width: page.width, height: page.height }
  const room = Math.max(8, Math.round(margin * textHeight))
  const { x0, y0, x1, y1 } = hull(content, (place) => placeAfter(slopes, place))
  const [x, y] = [Math.floor(x0) - room, Math.floor(y0) - room]
  return { x, y, width: Math.ceil(x1) + room - x, height: Math.ceil(y1) + room - y }
}

const edgeSteps = [0, 0.25, 0.5, 0.75, 1]

/** The bounding box of a box's edge after straightening. */
function hull(
  { x0, y0, x1, y1 }: BBox,
  move: (place: { x: number; y: number }) => { x: number; y: number },
): BBox {
  const edge = edgeSteps.flatMap((step) => {
    const [x, y] = [x0 + (x1 - x0) * step, y0 + (y1 - y0) * step]
    return [move({ x, y: y0 }), move({ x, y: y1 }), move({ x: x0, y }), move({ x: x1, y })]
  })
  const [xs, ys] = [edge.map((place) => place.x), edge.map((place) => place.y)]
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) }
}
