/** A connected component that may be a letter. Boxes as in `Components`. */
export interface Glyph {
  x0: number
  y0: number
  x1: number
  y1: number
}

/** The glyph on the page mirrored about its diagonal: there columns are lines. */
export const turnGlyph = ({ x0, y0, x1, y1 }: Glyph): Glyph => ({ x0: y0, y0: x0, x1: y1, y1: x1 })

export const heightOf = ({ y0, y1 }: Glyph): number => y1 - y0
