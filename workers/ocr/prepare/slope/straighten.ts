import type { Grey } from '../grey.ts'
import type { PagePoint } from '../mapping.ts'
import { sinkAt, type SlopeField } from './slope-field.ts'

/** Maps a point of the straightened image to the image before. Both in the units of the field. */
export function placeBefore(field: SlopeField, { x, y }: PagePoint): PagePoint {
  const lean = field.coefficients[0] ?? 0
  return { x: x - lean * (y - field.y), y: y + sinkAt(field, x, y) }
}

/** The inverse of `placeBefore`: slopes are small, so a few iterations suffice. */
export function placeAfter(field: SlopeField, { x, y }: PagePoint): PagePoint {
  let after = { x, y }
  for (let round = 0; round < 6; round += 1) {
    const before = placeBefore(field, after)
    after = { x: after.x + x - before.x, y: after.y + y - before.y }
  }
  return after
}

/** Pixels between two computed points; between them the shift is nearly linear. */
const step = 16

/** The wanted part of the straightened page, in the units of the field. */
export interface Frame extends PagePoint {
  width: number
  height: number
}

/**
 * Levels every text line: moves it down or up by its sink, and sideways by the mean slope, so that a skewed page is
 * rotated and not sheared. `scale`: pixels of the image per unit of the field, across and down. White comes in from
 * outside.
 */
export function straighten(image: Grey, field: SlopeField, scale: PagePoint, frame: Frame): Grey {
  const width = Math.round(frame.width * scale.x)
  const height = Math.round(frame.height * scale.y)
  const straight = { data: new Uint8Array(width * height).fill(255), width, height }
  const cells = Math.ceil(width / step)
  const placesOfRow = (row: number): Places => placesBefore(field, scale, frame, row, cells)
  let above = placesOfRow(0)
  for (let top = 0; top < height; top += step) {
    const below = placesOfRow(top + step)
    for (let cell = 0; cell < cells; cell += 1) {
      fillCell(image, straight, top, cell, above, below)
    }
    above = below
  }
  return straight
}

/** Fills a square of the straightened image by bilinear interpolation between the source points of its corners. */
function fillCell(
  { data, width, height }: Grey,
  straight: Grey,
  top: number,
  cell: number,
  above: Places,
  below: Places,
): void {
  const end = Math.min(step, straight.width - cell * step)
  const bottom = Math.min(step, straight.height - top)
  for (let y = 0; y < bottom; y += 1) {
    const down = y / step
    const x0 = between(above.x[cell] ?? 0, below.x[cell] ?? 0, down)
    const y0 = between(above.y[cell] ?? 0, below.y[cell] ?? 0, down)
    const stepX = (between(above.x[cell + 1] ?? 0, below.x[cell + 1] ?? 0, down) - x0) / step
    const stepY = (between(above.y[cell + 1] ?? 0, below.y[cell + 1] ?? 0, down) - y0) / step
    let to = (top + y) * straight.width + cell * step
    for (let x = 0; x < end; x += 1, to += 1) {
      const fromX = x0 + stepX * x
      const fromY = y0 + stepY * x
      // Keeps white if the source is outside, or on the edge, where nothing can be interpolated.
      if (fromX < 0 || fromY < 0 || fromX >= width - 1 || fromY >= height - 1) continue
      const left = Math.floor(fromX)
      const upper = Math.floor(fromY)
      const dx = fromX - left
      const at = upper * width + left
      const first = between(data[at] ?? 0, data[at + 1] ?? 0, dx)
      const second = between(data[at + width] ?? 0, data[at + width + 1] ?? 0, dx)
      straight.data[to] = between(first, second, fromY - upper) + 0.5
    }
  }
}

const between = (a: number, b: number, share: number): number => a + (b - a) * share

interface Places {
  x: Float32Array
  y: Float32Array
}

/** Computes the source of every `step`-th pixel of a row. */
function placesBefore(
  field: SlopeField,
  scale: PagePoint,
  frame: Frame,
  row: number,
  cells: number,
): Places {
  const places = { x: new Float32Array(cells + 1), y: new Float32Array(cells + 1) }
  for (let cell = 0; cell <= cells; cell += 1) {
    const place = { x: frame.x + (cell * step) / scale.x, y: frame.y + row / scale.y }
    const before = placeBefore(field, place)
    places.x[cell] = before.x * scale.x
    places.y[cell] = before.y * scale.y
  }
  return places
}
