import type { Components } from './components.ts'

/** A connected component that may be a letter. Boxes as in `Components`. */
export interface Glyph {
  x0: number
  y0: number
  x1: number
  y1: number
}

const minHeight = 4
/** A component that exceeds this aspect ratio is a rule, a stroke or a fold. */
const maxElongation = 8
const minGlyphs = 20

/**
 * Drops specks, rules, pictures and components that fill their box like a bar. Returns boxes `factor` times as large,
 * ordered by height.
 */
export function findGlyphs(components: Components, pageHeight: number, factor: number): Glyph[] {
  const { count, x0, y0, x1, y1, area } = components
  const glyphs: Glyph[] = []
  for (let at = 0; at < count; at += 1) {
    const glyph = { x0: x0[at] ?? 0, y0: y0[at] ?? 0, x1: x1[at] ?? 0, y1: y1[at] ?? 0 }
    const [width, height, ink] = [glyph.x1 - glyph.x0, glyph.y1 - glyph.y0, area[at] ?? 0]
    const isLetterSized = height >= minHeight && height <= pageHeight / 8
    const isElongated = width > height * maxElongation || height > width * maxElongation
    const isBar = width > 2 * height && ink > 0.98 * width * height
    if (isLetterSized && !isElongated && !isBar && ink >= 8) glyphs.push(enlarge(glyph, factor))
  }
  return glyphs.toSorted((a, b) => heightOf(a) - heightOf(b))
}

const enlarge = ({ x0, y0, x1, y1 }: Glyph, factor: number): Glyph => ({
  x0: x0 * factor,
  y0: y0 * factor,
  x1: x1 * factor,
  y1: y1 * factor,
})

/** The glyph on the page mirrored about its diagonal: there columns are lines. */
export const turnGlyph = ({ x0, y0, x1, y1 }: Glyph): Glyph => ({ x0: y0, y0: x0, x1: y1, y1: x1 })

export const heightOf = ({ y0, y1 }: Glyph): number => y1 - y0

/**
 * Height of a line's capitals and ascenders in pixels, which is the height of a word's box. A high quantile of the
 * glyphs' own heights: compared with the word boxes that Tesseract found on 62 pages, its median is 0.97 of theirs, and
 * 80 % lie between 0.84 and 1.0 (the median of the glyphs lies between 0.61 and 0.96, as pages of capitals have no
 * x-height). 0 where there is almost no writing.
 */
export function textHeight(glyphs: readonly Glyph[]): number {
  const glyph = glyphs[Math.floor(glyphs.length * 0.82)]
  return glyph === undefined || glyphs.length < minGlyphs ? 0 : heightOf(glyph)
}
