import type { BBox, Line } from '../../../../shared/contract/result/layout.ts'
import { areAdjoining } from '../../structure/join.ts'
import { maxSteps, stepsPerEm } from './fonts.ts'
import { apply, scaleOf, type Matrix, type Point } from '../matrix.ts'

/** Position and size of a word's characters, in the space of the PDF's page. */
export interface Placement {
  /** Start of its baseline. */
  start: Point
  /** Direction of the line, length 1. */
  along: Point
  width: number
  /** The font size. */
  size: number
  /** Extent above and below the baseline, in `stepsPerEm` to the size. */
  ascent: number
  descent: number
}

/** Extent of a box, or of a line's baseline, along the writing direction and across it. */
interface Extent {
  left: number
  right: number
  bottom: number
  top: number
}
interface Course {
  /** The direction in which words are set. */
  along: Point
  /** The direction of the line. */
  exact: Point
  /** Flat lines are set word by word, by the boxes of the words. */
  isFlat: boolean
  /** Height of the baseline at a place along it. */
  heightAt: (place: number) => number
}

const sine = (degrees: number): number => Math.sin((degrees * Math.PI) / 180)
const flatSlope = sine(3)
/**
 * The words of steeper lines up to this slope are level, each at its own height: Poppler splits a word whose letters do
 * not share a baseline.
 */
const levelSlope = sine(20)
const smallestSize = 1
/** Readers see no space between words that are nearer than `tooNear`; from `clear` on they do. Both for font size 1. */
const tooNear = 0.1
const clear = 0.12

/** Small type, up to 15 points, uses only every second step: each font in use costs a PDF 400 bytes. */
const toSteps = (reach: number, size: number): number => {
  const coarseness = size > 15 ? 1 : 2
  return coarseness * Math.round((reach * stepsPerEm) / (size * coarseness))
}

/**
 * Places the words of one line, whose boxes are in pixels; `toPage` maps these to the page's space. Omits words without
 * a width or a height.
 */
export function placeWords(line: Line, toPage: Matrix): (Placement | undefined)[] {
  const course = courseOf(line, toPage)
  const size = sizeOf(line, toPage)
  const extents = line.words.map(({ bbox }) => {
    const corners = cornersOf(bbox, toPage)
    return course.isFlat ? around(corners, course.along) : sloping(corners, course, size)
  })
  return extents.map((extent, index) => {
    const room = extents[index + 1]
    const isJoined = adjoinsNext(line, index)
    const { left, right, top, bottom } =
      room === undefined ? extent : isJoined ? upTo(extent, room) : beside(extent, room, size)
    const isSound = right > left && top > bottom
    return isSound ? place({ left, right, top, bottom }, course, size) : undefined
  })
}

/** Whether a word and the next one have no space between them. */
export function adjoinsNext({ words }: Pick<Line, 'words'>, index: number): boolean {
  const [word, next] = [words[index], words[index + 1]]
  return word !== undefined && next !== undefined && areAdjoining(word.text, next.text)
}

/** Readers see a space wherever there is a gap: the word goes on up to the next one. */
const upTo = (extent: Extent, next: Extent): Extent =>
  next.left > extent.left ? { ...extent, right: next.left } : extent

/** A word with too little space before the next one is set a little narrower. */
function beside(extent: Extent, next: Extent, size: number): Extent {
  const { left, right } = extent
  const end = next.left - clear * size
  if (next.left - right > tooNear * size || end <= left) return extent
  return { ...extent, right: end }
}

const dot = (a: Point, b: Point): number => a.x * b.x + a.y * b.y
const across = ({ x, y }: Point): Point => ({ x: -y, y: x })

function courseOf({ baseline, bbox }: Line, toPage: Matrix): Course {
  const { x0, y0, x1, y1 } = baseline
  const isKnown = x0 !== x1 || y0 !== y1
  // Without a baseline it is parallel to the page, on the bottom of its box.
  const ends = isKnown
    ? [apply(toPage, { x: x0, y: y0 }), apply(toPage, { x: x1, y: y1 })]
    : [apply(toPage, { x: bbox.x0, y: bbox.y1 }), apply(toPage, { x: bbox.x1, y: bbox.y1 })]
  const [from, to] = [ends[0] ?? { x: 0, y: 0 }, ends[1] ?? { x: 1, y: 0 }]
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const exact = { x: (to.x - from.x) / length, y: (to.y - from.y) / length }
  const slant = Math.min(Math.abs(exact.x), Math.abs(exact.y))
  const along =
    slant < levelSlope ? { x: Math.round(exact.x) + 0, y: Math.round(exact.y) + 0 } : exact
  const [begin, height] = [dot(from, along), dot(from, across(along))]
  const slope = dot(exact, across(along)) / (dot(exact, along) || 1)
  const isFlat = slant < flatSlope
  return { along, exact, isFlat, heightAt: (at) => height + slope * (at - begin) }
}

/** The font size in the page's units; derived from the words where the line does not give it. */
function sizeOf({ size, words }: Line, toPage: Matrix): number {
  const heights = words.map(({ bbox: { x0, y0, x1, y1 } }) => Math.min(x1 - x0, y1 - y0))
  const pixels = size > 0 ? size : Math.max(0, ...heights)
  return Math.max(smallestSize, pixels * scaleOf(toPage))
}

function cornersOf({ x0, y0, x1, y1 }: BBox, toPage: Matrix): Point[] {
  const corners = [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ]
  return corners.map((corner) => apply(toPage, corner))
}

function around(corners: readonly Point[], along: Point): Extent {
  const places = corners.map((corner) => dot(corner, along))
  const heights = corners.map((corner) => dot(corner, across(along)))
  return {
    left: Math.min(...places),
    right: Math.max(...places),
    bottom: Math.min(...heights),
    top: Math.max(...heights),
  }
}

/** Only the bounding box of a word at an angle is known: it is `a cos + b sin` wide and `a sin + b cos` high. */
function sloping(corners: readonly Point[], course: Course, size: number): Extent {
  const { along, exact, heightAt } = course
  const box = around(corners, { x: 1, y: 0 })
  const [width, height] = [box.right - box.left, box.top - box.bottom]
  const [cos, sin] = [Math.abs(exact.x), Math.abs(exact.y)]
  const b = Math.min(size, width, height)
  const a = Math.max(b / 3, cos >= sin ? (width - b * sin) / cos : (height - b * cos) / sin)
  // Level words keep their gaps.
  const length = a * Math.abs(dot(exact, along))
  const middle = { x: (box.left + box.right) / 2, y: (box.bottom + box.top) / 2 }
  const centre = dot(middle, along)
  const bottom = Math.min(heightAt(centre), dot(middle, across(along)) - b / 4)
  return { left: centre - length / 2, right: centre + length / 2, bottom, top: bottom + b }
}

function place({ left, right, bottom, top }: Extent, course: Course, lineSize: number): Placement {
  const { along, heightAt } = course
  const baseline = heightAt((left + right) / 2)
  // Dashes and quotation marks float above the baseline, and no font has an upward descent.
  const height = baseline > bottom && baseline < top ? baseline : bottom
  const tallest = Math.max(top - height, height - bottom)
  const size = Math.max(lineSize, (tallest * stepsPerEm) / maxSteps)
  const up = across(along)
  return {
    start: { x: left * along.x + height * up.x, y: left * along.y + height * up.y },
    along,
    width: right - left,
    size,
    ascent: Math.max(1, toSteps(top - height, size)),
    descent: toSteps(height - bottom, size),
  }
}
