import type { PreparedPage } from '../engine.ts'
import { estimateBackground, flatten } from './background.ts'
import { scaleGrey } from './decode.ts'
import { frameOf } from './frame.ts'
import { cropGrey, type Grey } from './grey.ts'
import type { Mapping, Size } from './place.ts'
import { lettersOf } from './slope.ts'
import { placeBefore, straighten } from './straighten.ts'
import type { Survey } from './survey.ts'

export interface LetterSize {
  /** Height that a line's capitals are brought to, pixels. */
  textHeight: number
  /** Width of the writing over its own, 0 to 1. */
  narrowing: number
}

/** How an attempt wants a page. */
export interface Wishes extends LetterSize {
  /** For pages of many letters: there the time goes, and there it costs least. */
  many?: LetterSize
  /** Faint ink is made at most so many times as dark. */
  gain: number
}

/** A page made ready, and the way back. */
export interface Rendered {
  image: Grey
  /** To the page as it was surveyed, but with its lines level: there attempts of every scale can be compared. */
  toLevel: Mapping
  /** Pixels of it for one of the page, down. */
  scale: number
}

/** From the level page to the surveyed one. */
export const fromLevel =
  ({ slopes }: Survey): Mapping =>
  (place) =>
    slopes === undefined ? place : placeBefore(slopes, place)

/**
 * Most printed pages have more letters in lines than this, most receipts and forms fewer. Specks do not count: old paper has as
 * many of them as letters.
 */
const manyLetters = 750
/** Larger writing than this factor makes of it would only be blurred. */
const mostEnlarged = 4
const mostPixels = 30e6
/** What has no lines is a picture, with a few words at most: on a sheet of A4 so many pixels are 147 to the inch. */
const mostPicturePixels = 3e6
/** The engine takes no longer sides. */
const mostSide = 32_767
/** A scale this near to 1 is not worth its time. */
const nearlyOne = 0.06
/** Side of the background's tiles, in heights of the writing. */
const tileHeights = 1.3

/** Brings the writing of a surveyed page to the wished height, lines level, paper white. */
export async function renderPage(survey: Survey, wishes: Wishes): Promise<Rendered> {
  const { page, slopes } = survey
  const frame = frameOf(survey)
  const { textHeight, narrowing } = sizeOf(survey, wishes)
  const most = mostScaleOf(page, frame, survey.hasLines ? mostPixels : mostPicturePixels)
  const wished = Math.min(scaleOf(survey, textHeight), most)
  const source = slopes === undefined ? cropGrey(page, frame) : page
  const scaled = await scaleGrey(source, wished * narrowing, wished)
  const scale = { x: scaled.width / source.width, y: scaled.height / source.height }
  const side = Math.max(
    16,
    Math.round((survey.textHeight === 0 ? 24 : survey.textHeight * wished) * tileHeights),
  )
  // Before lines are levelled: beside the white that comes in from outside then, paper would pass for a shade.
  const flat = flatten(scaled, estimateBackground(scaled, side), wishes.gain)
  return {
    image: slopes === undefined ? flat : straighten(flat, slopes, scale, frame),
    scale: scale.y,
    toLevel: ({ x, y }) => ({ x: frame.x + x / scale.x, y: frame.y + y / scale.y }),
  }
}

/** How large the writing of a page is to be. */
function sizeOf({ samples }: Survey, { textHeight, narrowing, many }: Wishes): LetterSize {
  const hasMany = lettersOf(samples) > manyLetters
  return hasMany && many !== undefined ? many : { textHeight, narrowing }
}

function scaleOf({ textHeight, hasLines }: Survey, wanted: number): number {
  const scale = textHeight === 0 ? 1 : wanted / textHeight
  // What has no lines is a picture, and what was measured its grain: to enlarge that would take longer than a page of text.
  if (!hasLines) return Math.min(1, scale)
  return Math.abs(scale - 1) < nearlyOne ? 1 : scale
}

/** Both the whole page, which is scaled before its frame is cut from it, and the frame are to stay within bounds. */
function mostScaleOf(page: Size, frame: Size, pixels: number): number {
  const width = Math.max(page.width, frame.width)
  const height = Math.max(page.height, frame.height)
  return Math.min(
    mostEnlarged,
    mostSide / Math.max(width, height),
    Math.sqrt(pixels / (width * height)),
  )
}

/** The image as the engine takes it. */
export function toPrepared(
  { data, width, height }: Grey,
  label: string,
  settings: PreparedPage['settings'],
): PreparedPage {
  const header = Buffer.from(`P5\n${width} ${height}\n255\n`)
  return { pgm: Buffer.concat([header, data]), width, height, label, settings }
}
