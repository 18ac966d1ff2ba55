/** An affine map in PDF's form: `x' = a x + c y + e`, `y' = b x + d y + f`. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export interface Point {
  x: number
  y: number
}

/** Applies `inner` first, then `outer`. */
export function compose(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = inner
  const { x, y } = apply(outer, { x: e, y: f })
  const [p, q, r, s] = outer
  return [p * a + r * b, q * a + s * b, p * c + r * d, q * c + s * d, x, y]
}

export const apply = ([a, b, c, d, e, f]: Matrix, { x, y }: Point): Point => ({
  x: a * x + c * y + e,
  y: b * x + d * y + f,
})

/** Scale factor of lengths; these maps scale uniformly. */
export const scaleOf = ([a, b, c, d]: Matrix): number => Math.sqrt(Math.abs(a * d - b * c))

/** The orientation of EXIF and TIFF: maps pixels of a stored `width` by `height` image to the displayed one. */
export function orientationMatrix(orientation: number, width: number, height: number): Matrix {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, width, 0]
    case 3:
      return [-1, 0, 0, -1, width, height]
    case 4:
      return [1, 0, 0, -1, 0, height]
    case 5:
      return [0, 1, 1, 0, 0, 0]
    case 6:
      return [0, 1, -1, 0, height, 0]
    case 7:
      return [0, -1, -1, 0, height, width]
    case 8:
      return [0, -1, 1, 0, 0, width]
    default:
      return [1, 0, 0, 1, 0, 0]
  }
}

/** Whether an orientation exchanges width and height. */
export const isSideways = (orientation: number): boolean => orientation >= 5 && orientation <= 8

/** A number in PDF's form: no exponent, as few digits as necessary. */
export const decimal = (value: number, digits = 4): string =>
  Number.isFinite(value) ? String(Number(value.toFixed(digits)) + 0) : '0'

export const decimals = (values: readonly number[]): string =>
  values.map((value) => decimal(value)).join(' ')
