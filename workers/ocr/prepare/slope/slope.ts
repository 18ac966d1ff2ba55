import { upperMedian } from '../median.ts'
import { heightOf, type Glyph } from '../letters/glyph.ts'

/** One sample of a text line: its slope (pixels down per pixel to the right) around a point. */
export interface SlopeSample {
  x: number
  y: number
  slope: number
  /** Number of letters in the sample. */
  letters: number
}

/** Maximum gap between letters of a line, in text heights. */
const maxGap = 1.5
/** Minimum span of a sample, in text heights: a shorter one reflects its letters more than the line. */
const minSpan = 5
const maxSpan = 9
const minLetters = 5

/** Number of sampled letters: those in lines. */
export const lettersOf = (samples: readonly SlopeSample[]): number =>
  samples.reduce((sum, { letters }) => sum + letters, 0)

/** Follows text lines from letter to letter and samples their slopes. `textHeight` in pixels. */
export function sampleSlopes(glyphs: readonly Glyph[], textHeight: number): SlopeSample[] {
  const letters = glyphs
    .filter((glyph) => heightOf(glyph) > 0.4 * textHeight && heightOf(glyph) < 1.7 * textHeight)
    .toSorted((a, b) => a.x0 - b.x0)
  const next = nearestToTheRight(letters, textHeight)
  const followers = new Set(next)
  return letters.flatMap((_, first) =>
    followers.has(first) ? [] : sampleChain(chainFrom(first, next, letters), textHeight),
  )
}

/**
 * Returns for each letter, ordered from the left, the next letter on its line, or -1. Each letter has at most one
 * predecessor. Columns of numbers, because a printed picture may have a hundred thousand dots of a letter's size.
 */
function nearestToTheRight(letters: readonly Glyph[], textHeight: number): Int32Array {
  const x0 = Int32Array.from(letters, (letter) => letter.x0)
  const y0 = Int32Array.from(letters, (letter) => letter.y0)
  const x1 = Int32Array.from(letters, (letter) => letter.x1)
  const y1 = Int32Array.from(letters, (letter) => letter.y1)
  const next = new Int32Array(letters.length).fill(-1)
  const isTaken = new Uint8Array(letters.length)
  for (let at = 0; at < letters.length; at += 1) {
    const [top, end, foot] = [y0[at] ?? 0, x1[at] ?? 0, y1[at] ?? 0]
    const [first, last] = [end - 0.3 * textHeight, end + maxGap * textHeight]
    let best = Number.POSITIVE_INFINITY
    for (let other = at + 1; other < letters.length; other += 1) {
      const left = x0[other] ?? 0
      if (left > last) break
      const otherTop = y0[other] ?? 0
      const otherFoot = y1[other] ?? 0
      if (otherTop >= foot || otherFoot <= top || left < first || isTaken[other] === 1) continue
      const overlap = Math.min(foot, otherFoot) - Math.max(top, otherTop)
      if (overlap < 0.5 * Math.min(foot - top, otherFoot - otherTop)) continue
      const distance = Math.max(0, left - end) + 2 * Math.abs(otherFoot - foot)
      if (distance >= best) continue
      best = distance
      next[at] = other
    }
    const nearest = next[at] ?? -1
    if (nearest >= 0) isTaken[nearest] = 1
  }
  return next
}

function chainFrom(first: number, next: Int32Array, letters: readonly Glyph[]): Glyph[] {
  const chain: Glyph[] = []
  for (let at = first; at >= 0; at = next[at] ?? -1) {
    const letter = letters[at]
    if (letter !== undefined) chain.push(letter)
  }
  return chain
}

function sampleChain(chain: readonly Glyph[], textHeight: number): SlopeSample[] {
  const samples: SlopeSample[] = []
  let begin = 0
  for (let end = 1; end <= chain.length; end += 1) {
    const [left, right] = [chain[begin], chain[end - 1]]
    if (left === undefined || right === undefined) break
    const span = right.x1 - left.x0
    if (end < chain.length && span < maxSpan * textHeight) continue
    const part = chain.slice(begin, end)
    if (part.length >= minLetters && span >= minSpan * textHeight) samples.push(sampleOf(part))
    begin = end
  }
  return samples
}

/**
 * Descenders and commas are outliers, so it takes the median of the slopes between all pairs (Theil 1950, Sen 1968).
 */
function sampleOf(letters: readonly Glyph[]): SlopeSample {
  const feet = letters.map(({ x0, x1, y1 }) => ({ x: (x0 + x1) / 2, y: y1 }))
  const slopes = feet.flatMap((foot, at) =>
    feet.slice(at + 2).map((other) => (other.y - foot.y) / Math.max(1, other.x - foot.x)),
  )
  const middle = feet[feet.length >> 1] ?? { x: 0, y: 0 }
  return { ...middle, slope: upperMedian(slopes), letters: letters.length }
}
