import type { Components } from './components.ts'
import { findDots } from './dots.ts'
import { heightOf, type Glyph } from './glyph.ts'
import { findLeaders, isDot } from './leaders.ts'

/** Smaller pieces, in pixels of the surveyed image, are dust. */
export const minHeight = 4
/** A component that exceeds this aspect ratio is a rule, a stroke or a fold. */
const maxElongation = 8
const minGlyphs = 20
/** Dots of leaders are lower than this share of the letters: small print has filled letters in a row, too. */
const maxLeader = 0.5

/** Hollow pieces have less ink than this share of their box: frames, rings, outlines of drawings, thin letters too. */
export const hollow = 0.3
/** A hollow piece with another one of this share of its height inside is a frame or a drawing. */
const minHeld = 0.2

/**
 * Drops specks, rules, pictures, components that fill their box like a bar, frames and outlines that hold other
 * pieces, and the dots of leaders and printed pictures. Returns boxes `factor` times as large, ordered by height.
 */
export function findGlyphs(components: Components, pageHeight: number, factor: number): Glyph[] {
  const { count, x0, y0, x1, y1, area, isFrame } = components
  const glyphs: Glyph[] = []
  const outlines = new Set<Glyph>()
  const possibleDots: Glyph[] = []
  for (let at = 0; at < count; at += 1) {
    const glyph = { x0: x0[at] ?? 0, y0: y0[at] ?? 0, x1: x1[at] ?? 0, y1: y1[at] ?? 0 }
    const [width, height, ink] = [glyph.x1 - glyph.x0, glyph.y1 - glyph.y0, area[at] ?? 0]
    const isLetterSized = height >= minHeight && height <= pageHeight / 8
    const isElongated = width > height * maxElongation || height > width * maxElongation
    const isBar = width > 2 * height && ink > 0.98 * width * height
    if (!isLetterSized || isElongated || isBar || ink < 8) continue
    const isHollow = ink < hollow * width * height
    if (isHollow && isFrame[at] === 1) continue
    if (isHollow) outlines.add(glyph)
    if (isDot(glyph, ink)) possibleDots.push(glyph)
    glyphs.push(glyph)
  }
  const leaders = findLeaders(possibleDots)
  const pieces = withoutHolders(glyphs, outlines).toSorted((a, b) => heightOf(a) - heightOf(b))
  const maxDot = maxLeader * textHeight(pieces.filter((piece) => !leaders.has(piece)))
  const isLeader = (piece: Glyph): boolean => leaders.has(piece) && heightOf(piece) <= maxDot
  const letters = pieces.filter((piece) => !isLeader(piece))
  const dots = findDots(letters)
  return letters.filter((_, at) => dots[at] === 0).map((glyph) => enlarge(glyph, factor))
}

/** Drops the outlines that hold other pieces. */
function withoutHolders(glyphs: readonly Glyph[], outlines: ReadonlySet<Glyph>): Glyph[] {
  const byLeft = glyphs.toSorted((a, b) => a.x0 - b.x0)
  const lefts = Float64Array.from(byLeft, ({ x0 }) => x0)
  const holds = (outline: Glyph): boolean => {
    for (let at = firstAfter(lefts, outline.x0); (lefts[at] ?? Infinity) < outline.x1; at += 1) {
      const piece = byLeft[at]
      if (piece === undefined) break
      const isInside = piece.x1 < outline.x1 && piece.y0 > outline.y0 && piece.y1 < outline.y1
      if (isInside && heightOf(piece) >= minHeld * heightOf(outline)) return true
    }
    return false
  }
  return glyphs.filter((glyph) => !outlines.has(glyph) || !holds(glyph))
}

/** The first place in ascending values whose value is greater. */
function firstAfter(values: Float64Array, value: number): number {
  let [from, to] = [0, values.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((values[middle] ?? 0) <= value) from = middle + 1
    else to = middle
  }
  return from
}

const enlarge = ({ x0, y0, x1, y1 }: Glyph, factor: number): Glyph => ({
  x0: x0 * factor,
  y0: y0 * factor,
  x1: x1 * factor,
  y1: y1 * factor,
})

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
