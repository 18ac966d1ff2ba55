import { upperMedian } from '../median.ts'
import type { SlopeSample } from './slope.ts'

/**
 * Slope of text lines over a page, as a polynomial in x and y. A skewed page has one slope everywhere; a page
 * photographed from the side, or curved in a book, has not.
 */
export interface SlopeField {
  /** Coordinates are relative to this point, in `unit` pixels. */
  x: number
  y: number
  unit: number
  /** The range of the samples; beyond it the slope keeps its value at the border. */
  reach: { x: number; y: number }
  /** Of 1, x, y, x², xy, y², x³, x²y. */
  coefficients: readonly number[]
}

/** Minimum samples for a curve, and for a curve that bends down towards a book's spine. */
const minForCurve = 24
const minForSpine = 80
const rounds = 4

/** Fits the field to the samples, drops outliers and fits it again. Undefined where there are too few samples. */
export function fitSlopes(samples: readonly SlopeSample[]): SlopeField | undefined {
  if (samples.length < 4) return undefined
  const frame = frameOf(samples)
  let kept = samples
  let field: SlopeField = { ...frame, coefficients: [medianSlope(samples)] }
  for (let round = 0; round < rounds; round += 1) {
    const errors = kept.map((sample) => Math.abs(sample.slope - slopeAt(field, sample.x, sample.y)))
    const limit = Math.max(0.004, 3 * upperMedian(errors))
    kept = kept.filter((_, at) => (errors[at] ?? 0) <= limit)
    const terms = kept.length >= minForSpine ? 8 : kept.length >= minForCurve ? 6 : 1
    const coefficients = solve(kept, frame, terms)
    if (coefficients === undefined) return field
    field = { ...frame, coefficients }
  }
  return field
}

/** The centre of the samples, and their extent around it. */
function frameOf(samples: readonly SlopeSample[]): Omit<SlopeField, 'coefficients'> {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (const { x, y } of samples) {
    box.left = Math.min(box.left, x)
    box.right = Math.max(box.right, x)
    box.top = Math.min(box.top, y)
    box.bottom = Math.max(box.bottom, y)
  }
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
  const reach = { x: box.right - x, y: box.bottom - y }
  return { x, y, unit: Math.max(1, reach.x, reach.y), reach }
}

const medianSlope = (samples: readonly SlopeSample[]): number =>
  upperMedian(samples.map(({ slope }) => slope))

const termsAt = (x: number, y: number): number[] => [
  1,
  x,
  y,
  x * x,
  x * y,
  y * y,
  x * x * x,
  x * x * y,
]

/** Returns the slope at a point given in pixels: pixels down per pixel to the right. */
export function slopeAt(field: SlopeField, x: number, y: number): number {
  const { u, v } = inFrame(field, x, y)
  const terms = termsAt(u, v)
  return field.coefficients.reduce((sum, value, at) => sum + value * (terms[at] ?? 0), 0)
}

/** Median deviation of the samples' slopes from the field. */
export const strayOf = (field: SlopeField, samples: readonly SlopeSample[]): number =>
  upperMedian(samples.map(({ x, y, slope }) => Math.abs(slope - slopeAt(field, x, y))))

/** Returns the vertical displacement of a line through (field.x, y) at x, pixels: the integral of the slope. */
export function sinkAt(field: SlopeField, x: number, y: number): number {
  const { u, v, beyond } = inFrame(field, x, y)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = field.coefficients
  const constant = a + c * v + f * v * v
  const within = u * (constant + u * ((b + e * v) / 2 + u * ((d + h * v) / 3 + (u * g) / 4)))
  return field.unit * within + beyond * slopeAt(field, x, y)
}

function inFrame(
  field: SlopeField,
  x: number,
  y: number,
): { u: number; v: number; beyond: number } {
  const { reach, unit } = field
  const dx = Math.max(-reach.x, Math.min(reach.x, x - field.x))
  const dy = Math.max(-reach.y, Math.min(reach.y, y - field.y))
  return { u: dx / unit, v: dy / unit, beyond: x - field.x - dx }
}

/**
 * Weighted least squares by the normal equations; a small ridge term keeps the curve's coefficients small where samples
 * are few.
 */
function solve(
  samples: readonly SlopeSample[],
  frame: Omit<SlopeField, 'coefficients'>,
  count: number,
): number[] | undefined {
  const rows = Array.from({ length: count }, () => Array.from({ length: count + 1 }, () => 0))
  for (const { x, y, slope, letters } of samples) {
    const terms = termsAt((x - frame.x) / frame.unit, (y - frame.y) / frame.unit)
    rows.forEach((row, i) => {
      for (let j = 0; j < count; j += 1)
        row[j] = (row[j] ?? 0) + letters * (terms[i] ?? 0) * (terms[j] ?? 0)
      row[count] = (row[count] ?? 0) + letters * (terms[i] ?? 0) * slope
    })
  }
  rows.forEach((row, i) => {
    if (i > 0) row[i] = (row[i] ?? 0) * 1.01 + 1
  })
  return eliminate(rows)
}

/**
 * Gaussian elimination with pivoting of `rows`, each n coefficients and the right-hand side. Undefined where singular.
 */
function eliminate(rows: number[][]): number[] | undefined {
  const count = rows.length
  for (let column = 0; column < count; column += 1) {
    const below = rows.slice(column)
    const pivot = below.reduce((best, row) =>
      Math.abs(row[column] ?? 0) > Math.abs(best[column] ?? 0) ? row : best,
    )
    const head = pivot[column] ?? 0
    if (Math.abs(head) < 1e-9) return undefined
    rows.splice(rows.indexOf(pivot), 1)
    rows.splice(
      column,
      0,
      pivot.map((value) => value / head),
    )
    rows.forEach((row, at) => {
      const factor = row[column] ?? 0
      if (at === column || factor === 0) return
      rows[at] = row.map((value, index) => value - factor * (rows[column]?.[index] ?? 0))
    })
  }
  return rows.map((row) => row[count] ?? 0)
}
