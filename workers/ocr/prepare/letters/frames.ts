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

function eraseSides(page: Grey, box: Box, area: number, factor: number): void {
  const [width, height] = [box.right - box.left, box.bottom - box.top]
  const stroke = area / (2 * (width + height))
  const bandOf = (length: number): number => Math.ceil((stroke + soft + lean * length) * factor)
  const [across, down] = [bandOf(height), bandOf(width)]
  const left = Math.max(0, Math.floor((box.left - soft) * factor))
  const right = Math.min(page.width, Math.ceil((box.right + soft) * factor))
  const top = Math.max(0, Math.floor((box.top - soft) * factor))
  const bottom = Math.min(page.height, Math.ceil((box.bottom + soft) * factor))
  const paper = paperOf(page, box, factor)
  const fill = (x: number, y: number, endX: number, endY: number): void => {
    for (let row = Math.max(top, y); row < Math.min(bottom, endY); row += 1) {
      page.data.fill(
        paper,
        row * page.width + Math.max(left, x),
        row * page.width + Math.min(right, endX),
      )
    }
  }
  fill(left, top, right, top + down)
  fill(left, bottom - down, right, bottom)
  fill(left, top, left + across, bottom)
  fill(right - across, top, right, bottom)
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
