import type { Components } from './components.ts'
import { hollow } from './glyphs.ts'
import type { Grey } from '../grey.ts'

/** Frames are higher than the writing by this factor: `口` and check boxes stay. */
const minHeights = 1.4
/** A single frame is a border or a stamp, and engines cope with it. */
const minFrames = 6
/** A frame of a page's own size is its border. */
const maxShare = 0.25
/** Scanned sides lean by this share of their length, and are soft for this many pixels. */
const [lean, soft] = [0.015, 1.5]

/**
 * Erases the sides of cells and of boxes for letters, which engines read as letters; the writing in them stays.
 * `textHeight` and the components are in pixels of the surveyed image, of which the page has `factor` each. Returns the
 * page itself where there are none.
 */
export function eraseFrames(
  page: Grey,
  components: Components,
  textHeight: number,
  factor: number,
): Grey {
  const { count, x0, y0, x1, y1, area, isFrame } = components
  const frames: number[] = []
  for (let at = 0; at < count; at += 1) {
    if (isFrame[at] !== 1) continue
    const [width, height] = [(x1[at] ?? 0) - (x0[at] ?? 0), (y1[at] ?? 0) - (y0[at] ?? 0)]
    const isHollow = (area[at] ?? 0) < hollow * width * height
    const isLarge = height >= minHeights * textHeight && height * factor <= maxShare * page.height
    if (isHollow && isLarge) frames.push(at)
  }
  if (textHeight === 0 || frames.length < minFrames) return page
  const clean = { ...page, data: new Uint8Array(page.data) }
  for (const at of frames) {
    const box = { left: x0[at] ?? 0, top: y0[at] ?? 0, right: x1[at] ?? 0, bottom: y1[at] ?? 0 }
    eraseSides(clean, box, area[at] ?? 0, factor)
  }
  return clean
}

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** Ink is darker than this share of the paper. */
const inkShare = 0.9

/** Erases the outermost stroke of each row and column of a box, within the reach of a leaning side. */
function eraseSides({ data, width, height }: Grey, box: Box, area: number, factor: number): void {
  const paper = paperOf({ data, width, height }, box, factor)
  const limit = inkShare * paper
  const [across, down] = [box.right - box.left, box.bottom - box.top]
  const maxStroke = Math.ceil((area / (2 * (across + down)) + 2 * soft) * factor)
  const left = Math.max(0, Math.floor((box.left - soft) * factor))
  const right = Math.min(width, Math.ceil((box.right + soft) * factor))
  const top = Math.max(0, Math.floor((box.top - soft) * factor))
  const bottom = Math.min(height, Math.ceil((box.bottom + soft) * factor))
  const reachOf = (length: number): number => Math.ceil((soft + lean * length) * factor) + maxStroke
  const erase = (start: number, step: number, reach: number): void => {
    let [at, seen] = [start, 0]
    for (; seen < reach && (data[at] ?? 0) >= limit; seen += 1) at += step
    for (let stroke = 0; seen < reach && stroke < maxStroke; stroke += 1, seen += 1, at += step) {
      if ((data[at] ?? 255) >= limit) return
      data[at] = paper
    }
  }
  for (let x = left; x < right; x += 1) {
    erase(top * width + x, width, Math.min(bottom - top, reachOf(across)))
    erase((bottom - 1) * width + x, -width, Math.min(bottom - top, reachOf(across)))
  }
  for (let y = top; y < bottom; y += 1) {
    erase(y * width + left, 1, Math.min(right - left, reachOf(down)))
    erase(y * width + right - 1, -1, Math.min(right - left, reachOf(down)))
  }
}

/** Brightness of the paper within a box: the 80th percentile. */
function paperOf({ data, width, height }: Grey, box: Box, factor: number): number {
  const values: number[] = []
  for (let y = box.top * factor; y < Math.min(height, box.bottom * factor); y += 3) {
    for (let x = box.left * factor; x < Math.min(width, box.right * factor); x += 3) {
      values.push(data[y * width + x] ?? 255)
    }
  }
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.8)] ?? 255
}
