import type { BBox } from '../../../../shared/contract/result/layout.ts'
import { cropGrey, type Grey } from '../../prepare/grey.ts'
import { upperMedian } from '../../prepare/median.ts'
import { findCores, type Core } from './cores.ts'
import type { Model } from './model/onnx.ts'
import { resample } from './resample.ts'

/** A line of text on a page: its box where it is level, and the slope of its middle. */
export interface FoundLine {
  box: BBox
  /** Pixels down per pixel across. */
  slope: number
}

/** Means and deviations of the three colours in ImageNet, with which the detector was trained. */
const channels = [
  { mean: 0.485, deviation: 0.229 },
  { mean: 0.456, deviation: 0.224 },
  { mean: 0.406, deviation: 0.225 },
] as const
/** Sides of the detector's input are multiples of this. */
const grid = 32
/** Pixels of one input: activations take about 150 bytes for each. */
const maxPixels = 1.2e6
/** Rows at the edge of a strip that the next one decides: no line is cut in two. */
const edge = 64

/** Pixels of a core exceed this probability. */
const coreAbove = 0.3
/** Mean probability of a core. */
const minScore = 0.6
/** Growth from the core of a line to the line: area over perimeter, times this (Vatti clipping of a box). */
const unclip = 2.6
/** Thinner and shorter cores are specks. */
const [minThickness, minLength] = [1.5, 3]
/** A line this steep is no line of level text. */
const maxSlope = 0.2

/**
 * Finds the lines of text in a page whose lines are almost level, by differentiable binarization (Liao, Wan, Yao, Chen,
 * Bai: Real-time scene text detection with differentiable binarization, AAAI 2020): a network gives for each pixel the
 * probability that it is the core of a line; connected cores are grown to the line's height. `scale` is the factor at
 * which the network sees the page. Returns lines in pixels of the page.
 */
export async function detectLines(
  detector: Model,
  page: Grey,
  scale: number,
): Promise<FoundLine[]> {
  const lines = await look(detector, page, scale)
  const usual = upperMedian(lines.map(({ box }) => box.y1 - box.y0))
  const found: FoundLine[] = []
  for (const line of lines) {
    const isTall = line.box.y1 - line.box.y0 > tall * usual
    found.push(...(isTall ? await lookCloser(detector, page, line, scale) : [line]))
  }
  return found
}

/** Lines of small print run together: one of this many usual heights is looked at again, at a larger scale. */
const [tall, closer] = [1.6, 2]
const minCovered = 0.3

async function lookCloser(
  detector: Model,
  page: Grey,
  line: FoundLine,
  scale: number,
): Promise<FoundLine[]> {
  const x = Math.max(0, Math.floor(line.box.x0))
  const y = Math.max(0, Math.floor(line.box.y0))
  const width = Math.min(page.width, Math.ceil(line.box.x1)) - x
  const height = Math.min(page.height, Math.ceil(line.box.y1)) - y
  const found = await look(detector, cropGrey(page, { x, y, width, height }), closer * scale)
  const areaOf = ({ box }: FoundLine): number => (box.x1 - box.x0) * (box.y1 - box.y0)
  const covered = found.reduce((sum, each) => sum + areaOf(each), 0)
  if (found.length < 2 || covered < minCovered * areaOf(line)) return [line]
  return found.map(({ box, slope }) => ({
    box: { x0: box.x0 + x, y0: box.y0 + y, x1: box.x1 + x, y1: box.y1 + y },
    slope,
  }))
}

/** Looks at a page once. */
async function look(detector: Model, page: Grey, scale: number): Promise<FoundLine[]> {
  const width = Math.max(grid, grid * Math.round((page.width * scale) / grid))
  const height = Math.max(grid, grid * Math.round((page.height * scale) / grid))
  const map = await mapOf(detector, page, { width, height })
  const factor = { x: page.width / width, y: page.height / height }
  return findCores(map, 255 * coreAbove)
    .filter(isLine)
    .map(({ x0, x1, y, slope, thickness }) => {
      const room = ((x1 - x0) * thickness * unclip) / (2 * (x1 - x0 + thickness))
      return {
        box: {
          x0: Math.max(0, x0 - room) * factor.x,
          y0: (y - thickness / 2 - room) * factor.y,
          x1: Math.min(width, x1 + room) * factor.x,
          y1: (y + thickness / 2 + room) * factor.y,
        },
        slope: (slope * factor.y) / factor.x,
      }
    })
}

function isLine({ x0, x1, thickness, slope, score }: Core): boolean {
  const isLong = x1 - x0 > 2 * thickness
  const isLevel = !isLong || Math.abs(slope) < maxSlope
  return isLevel && score >= minScore && thickness >= minThickness && x1 - x0 >= minLength
}

/** Runs the network strip by strip. Returns the probabilities, 0 to 255. */
async function mapOf(
  detector: Model,
  page: Grey,
  { width, height }: { width: number; height: number },
): Promise<Grey> {
  const data = new Uint8Array(width * height)
  const rows = Math.max(4 * edge, grid * Math.floor(maxPixels / width / grid))
  const step = { x: page.width / width, y: page.height / height }
  for (let top = 0; top < height; top += rows - 2 * edge) {
    const end = Math.min(height, top + rows)
    const box = { x0: 0, y0: top * step.y, x1: page.width, y1: end * step.y }
    const part = resample(page, { box, slope: 0 }, { width, height: end - top })
    const made = await detector(toInput(part), [1, channels.length, end - top, width])
    const first = top === 0 ? 0 : edge
    for (let at = first * width; at < part.length; at += 1)
      data[top * width + at] = Math.round(255 * (made.data[at] ?? 0))
    if (end === height) break
  }
  return { data, width, height }
}

function toInput(grey: Float32Array): Float32Array {
  const input = new Float32Array(channels.length * grey.length)
  channels.forEach(({ mean, deviation }, channel) => {
    const from = channel * grey.length
    for (let at = 0; at < grey.length; at += 1)
      input[from + at] = ((grey[at] ?? 255) / 255 - mean) / deviation
  })
  return input
}
