import type { BBox } from '../../../shared/contract.ts'
import { placeAfter, type Frame } from './straighten.ts'
import type { Survey } from './survey.ts'

/** Paper that is left round what is on a page, in heights of its writing. */
const margin = 3

/**
 * The part of the page that is read, in the page's pixels. A level page is read whole: to cut its blank margins off
 * saved 4 % of the time and cost 0.6 of F (the engine tells columns and rules by them). One that is straightened would lose
 * what is moved over its edge, and gain empty corners, so its frame follows what is on it.
 */
export function frameOf({ page, content, slopes, textHeight }: Survey): Frame {
  if (slopes === undefined) return { x: 0, y: 0, width: page.width, height: page.height }
  const room = Math.max(8, Math.round(margin * textHeight))
  const { x0, y0, x1, y1 } = hull(content, (place) => placeAfter(slopes, place))
  const [x, y] = [Math.floor(x0) - room, Math.floor(y0) - room]
  return { x, y, width: Math.ceil(x1) + room - x, height: Math.ceil(y1) + room - y }
}

const steps = [0, 0.25, 0.5, 0.75, 1]

/** The box round a box's edge after its places have moved. */
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
