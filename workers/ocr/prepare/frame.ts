import type { BBox } from '../../../shared/contract/result/layout.ts'
import { placeAfter, type Frame } from './slope/straighten.ts'
import type { PageSurvey } from './survey.ts'

/** Margin of paper around the content of a page, in text heights. */
const margin = 3

/**
 * Returns the part of the page to read, in the page's pixels. A level page is read whole: cutting off its blank margins
 * saved 4 % of the time and cost 0.6 of F (the engine uses them to tell columns from rules). Straightening would lose
 * content that moves over the edge, and add empty corners, so the frame of a straightened page follows its content.
 */
export function frameOf({ page, content, slopes, textHeight }: PageSurvey): Frame {
  if (slopes === undefined) return { x: 0, y: 0, width: page.width, height: page.height }
  const room = Math.max(8, Math.round(margin * textHeight))
  const { x0, y0, x1, y1 } = hull(content, (place) => placeAfter(slopes, place))
  const [x, y] = [Math.floor(x0) - room, Math.floor(y0) - room]
  return { x, y, width: Math.ceil(x1) + room - x, height: Math.ceil(y1) + room - y }
}

const steps = [0, 0.25, 0.5, 0.75, 1]

/** The bounding box of a box's edge after straightening. */
function hull(
  { x0, y0, x1, y1 }: BBox,
  move: (place: { x: number; y: number }) => { x: number; y: number },
): BBox {
  const edge = steps.flatMap((step) => {
    const [x, y] = [x0 + (x1 - x0) * step, y0 + (y1 - y0) * step]
    return [move({ x, y: y0 }), move({ x, y: y1 }), move({ x: x0, y }), move({ x: x1, y })]
  })
  const [xs, ys] = [edge.map((place) => place.x), edge.map((place) => place.y)]
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) }
}
