import type { BBox } from '../../../shared/contract/result/layout.ts'
import { cropGrey, type Grey } from './grey.ts'
import type { TextLine } from './letters/lines.ts'
import { lookAt } from './look.ts'
import { boxAround, type Mapping, type PagePoint } from './mapping.ts'
import { fromLevel, toLevel } from './render.ts'
import { upperMedian } from './median.ts'
import { surveyPage, type PageSurvey } from './survey.ts'

/** A part of a page, surveyed by itself: its letters have a height and a slope of their own. */
interface Part {
  survey: PageSurvey
  /** Maps from the levelled part to the levelled page. */
  toPage: Mapping
}

/** Paper around the letters of a part, in heights of the tallest. */
const margin = 2
/** Lower lines than this share of the page's height are grain, and would be enlarged for nothing. */
const minRatio = 0.75

/**
 * Surveys the part of a page around some of its lines, at least one. `read`: boxes of words that are read already, in
 * the pixels of the levelled page; those of a level page are painted white.
 */
export function surveyPart(
  page: PageSurvey,
  lines: readonly TextLine[],
  read: readonly BBox[] = [],
): Part {
  const box = boxAround(lines.flatMap(({ letters }) => letters))
  const ownHeight = upperMedian(lines.map(({ height }) => height))
  const textHeight = Math.max(ownHeight, minRatio * page.textHeight)
  const room = Math.round(margin * Math.max(...lines.map(({ height }) => height)))
  const [x0, y0] = [Math.max(0, box.x0 - room), Math.max(0, box.y0 - room)]
  const x1 = Math.min(page.page.width, box.x1 + room)
  const y1 = Math.min(page.page.height, box.y1 + room)
  const cut = cropGrey(page.page, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
  const clean = page.slopes === undefined ? withoutWords(cut, read, { x: x0, y: y0 }) : cut
  // A few words say little about themselves: their lines are known.
  const survey = { ...surveyPage(lookAt(clean)), textHeight, hasLines: true }
  const [fromPart, level] = [fromLevel(survey), toLevel(page)]
  return {
    survey,
    toPage(place) {
      const { x, y } = fromPart(place)
      return level({ x: x + x0, y: y + y0 })
    },
  }
}

/** Paints these boxes white in a copy of an image that begins at a place of the page. */
function withoutWords(image: Grey, words: readonly BBox[], { x, y }: PagePoint): Grey {
  if (words.length === 0) return image
  const clean = { ...image, data: new Uint8Array(image.data) }
  for (const { x0, y0, x1, y1 } of words)
    paint(clean, { x0: x0 - x, y0: y0 - y, x1: x1 - x, y1: y1 - y })
  return clean
}

function paint({ data, width, height }: Grey, { x0, y0, x1, y1 }: BBox): void {
  const [left, right] = [Math.max(0, Math.floor(x0)), Math.min(width, Math.ceil(x1))]
  if (left >= right) return
  const bottom = Math.min(height, Math.ceil(y1))
  for (let y = Math.max(0, Math.floor(y0)); y < bottom; y += 1)
    data.fill(255, y * width + left, y * width + right)
}
