import { cropGrey } from './grey.ts'
import type { TextLine } from './letters/lines.ts'
import { lookAt } from './look.ts'
import { boxAround, type Mapping } from './mapping.ts'
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

/** Surveys the part of a page around some of its lines, at least one. */
export function surveyPart(page: PageSurvey, lines: readonly TextLine[]): Part {
  const box = boxAround(lines.flatMap(({ letters }) => letters))
  const ownHeight = upperMedian(lines.map(({ height }) => height))
  const textHeight = Math.max(ownHeight, minRatio * page.textHeight)
  const room = Math.round(margin * Math.max(...lines.map(({ height }) => height)))
  const [x0, y0] = [Math.max(0, box.x0 - room), Math.max(0, box.y0 - room)]
  const x1 = Math.min(page.page.width, box.x1 + room)
  const y1 = Math.min(page.page.height, box.y1 + room)
  const cut = cropGrey(page.page, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
  // A few words say little about themselves: their lines are known.
  const survey = { ...surveyPage(lookAt(cut)), textHeight, hasLines: true }
  const [fromPart, level] = [fromLevel(survey), toLevel(page)]
  return {
    survey,
    toPage(place) {
      const { x, y } = fromPart(place)
      return level({ x: x + x0, y: y + y0 })
    },
  }
}
