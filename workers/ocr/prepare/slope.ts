import { heightOf, type Glyph } from './glyphs.ts'
import { median } from './median.ts'

/** One look at a line of writing: its slope (pixels down for one to the right) around a place. */
export interface SlopeSample {
  x: number
  y: number
  slope: number
  /** Letters that were looked at. */
  letters: number
}

/** Letters of a line stand at most so far apart, in heights of the writing. */
const widestGap = 1.5
/** A sample spans at least so many heights: shorter ones tell more of the letters than of the line. */
const shortestSpan = 5
const longestSpan = 9
const fewestLetters = 5

/** Letters that were looked at: those that stand in lines. */
export const lettersOf = (samples: readonly SlopeSample[]): number =>
  samples.reduce((sum, { letters }) => sum + letters, 0)

/** Follows the lines of writing from letter to letter and tells how each runs. `textHeight` in pixels. */
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
 * For each letter, ordered from the left, the one that follows it on its line, -1 where there is none. Each follows one
 * letter only. Columns of numbers, as a printed picture may have a hundred thousand dots of a letter's size.
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
    const [first, last] = [end - 0.3 * textHeight, end + widestGap * textHeight]
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
    if (end < chain.length && span < longestSpan * textHeight) continue
    const part = chain.slice(begin, end)
    if (part.length >= fewestLetters && span >= shortestSpan * textHeight)
      samples.push(sampleOf(part))
    begin = end
  }
  return samples
}

/** Descenders and commas are outliers, so: the median of the slopes between all pairs (Theil 1950, Sen 1968). */
function sampleOf(letters: readonly Glyph[]): SlopeSample {
  const feet = letters.map(({ x0, x1, y1 }) => ({ x: (x0 + x1) / 2, y: y1 }))
  const slopes = feet.flatMap((foot, at) =>
    feet.slice(at + 2).map((other) => (other.y - foot.y) / Math.max(1, other.x - foot.x)),
  )
  const middle = feet[feet.length >> 1] ?? { x: 0, y: 0 }
  return { ...middle, slope: median(slopes), letters: letters.length }
}
