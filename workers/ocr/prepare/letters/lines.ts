import { heightOf, type Glyph } from './glyph.ts'
import { upperMedian } from '../median.ts'

/** Letters side by side on one base line. */
export interface TextLine {
  letters: readonly Glyph[]
  /** Height of its capitals and ascenders, pixels. */
  height: number
  /** Number of letters that another one follows closely: letters are closer than lines. */
  close: number
}

export const countLetters = (lines: readonly TextLine[]): number =>
  lines.reduce((sum, { letters }) => sum + letters.length, 0)

/** Maximum gap between neighbours, in heights of the taller one. */
const maxGap = 1.2
/** Neighbours differ in height by this factor at most: a letter with a descender beside an x. */
const maxRatio = 2.2
/** Base lines are straight over this many heights. */
const maxSpan = 12
/** This share of the letters stands on the base line, within this share of the height: others have descenders. */
const [minStanding, maxOff] = [0.6, 0.12]

/**
 * Follows lines of at least `minLetters` letters of any size, from letter to letter. Unlike letters, the pieces of
 * drawings and the grain of pictures differ from their neighbours in height and stand on no common line.
 */
export function findLines(glyphs: readonly Glyph[], minLetters: number): TextLine[] {
  const letters = glyphs.toSorted((a, b) => a.x0 - b.x0)
  const next = neighboursOf(letters)
  const followers = new Set(next)
  return letters.flatMap((_, first) => {
    if (followers.has(first)) return []
    const chain: Glyph[] = []
    for (let at = first; at >= 0; at = next[at] ?? -1) {
      const letter = letters[at]
      if (letter !== undefined) chain.push(letter)
    }
    return piecesOf(chain, minLetters)
  })
}

/** Returns for each letter the place of the next on its line, -1 where there is none; none follows two. */
function neighboursOf(letters: readonly Glyph[]): Int32Array {
  const next = new Int32Array(letters.length).fill(-1)
  const isTaken = new Uint8Array(letters.length)
  const maxHeight = letters.reduce((max, letter) => Math.max(max, heightOf(letter)), 0)
  const x0 = Int32Array.from(letters, (letter) => letter.x0)
  const y0 = Int32Array.from(letters, (letter) => letter.y0)
  const y1 = Int32Array.from(letters, (letter) => letter.y1)
  letters.forEach((letter, at) => {
    const { x1: end, y0: top, y1: foot } = letter
    const height = foot - top
    const last = end + maxGap * Math.min(maxHeight, maxRatio * height)
    let best = Number.POSITIVE_INFINITY
    for (let other = at + 1; other < letters.length; other += 1) {
      const gap = (x0[other] ?? 0) - end
      if (end + gap > last) break
      const otherTop = y0[other] ?? 0
      const otherFoot = y1[other] ?? 0
      if (otherTop >= foot || otherFoot <= top || isTaken[other] === 1) continue
      const otherHeight = otherFoot - otherTop
      const [low, high] = [Math.min(height, otherHeight), Math.max(height, otherHeight)]
      if (high > maxRatio * low || gap < -0.3 * high || gap > maxGap * high) continue
      if (Math.min(foot, otherFoot) - Math.max(top, otherTop) < 0.5 * low) continue
      const distance = Math.max(0, gap) + 2 * Math.abs(otherFoot - foot)
      if (distance >= best) continue
      best = distance
      next[at] = other
    }
    const nearest = next[at] ?? -1
    if (nearest >= 0) isTaken[nearest] = 1
  })
  return next
}

/** Cuts a chain into pieces that are short enough for their base line to be straight; keeps those that have one. */
function piecesOf(chain: readonly Glyph[], minLetters: number): TextLine[] {
  if (chain.length < minLetters) return []
  const span = maxSpan * upperMedian(chain.map(heightOf))
  const pieces: Glyph[][] = [[]]
  for (const letter of chain) {
    const piece = pieces.at(-1)
    const [first] = piece ?? []
    if (first === undefined || letter.x1 - first.x0 <= span) piece?.push(letter)
    else pieces.push([letter])
  }
  const last = pieces.at(-1) ?? []
  // A short rest belongs to the piece before it.
  if (pieces.length > 1 && last.length < minLetters)
    pieces.splice(-2, 2, [...(pieces.at(-2) ?? []), ...last])
  return pieces.flatMap((letters) => {
    const height = capitalsOf(letters)
    if (letters.length < minLetters || !isLevel(letters, height)) return []
    return [{ letters, height, close: countClose(letters, height) }]
  })
}

/** Letters are at most this far apart, in heights; lines are farther. */
const maxClose = 0.4

const countClose = (letters: readonly Glyph[], height: number): number =>
  letters.filter(({ x1 }, at) => {
    const follower = letters[at + 1]
    return follower !== undefined && follower.x0 - x1 <= maxClose * height
  }).length

/** Most lines have more ascenders and capitals than this share, and fewer letters with both ends long. */
const capitalsOf = (letters: readonly Glyph[]): number =>
  heightOf(
    letters.toSorted((a, b) => heightOf(a) - heightOf(b))[Math.floor(letters.length * 0.82)] ??
      zero,
  )

const zero: Glyph = { x0: 0, y0: 0, x1: 0, y1: 0 }

function isLevel(letters: readonly Glyph[], height: number): boolean {
  const feet = letters.map(({ x0, x1, y1 }) => ({ x: (x0 + x1) / 2, y: y1 }))
  const slope = upperMedian(
    feet.flatMap((foot, at) =>
      feet.slice(at + 1).map((other) => (other.y - foot.y) / Math.max(1, other.x - foot.x)),
    ),
  )
  const rests = feet.map(({ x, y }) => y - slope * x)
  const base = upperMedian(rests)
  const limit = Math.max(1, maxOff * height)
  return (
    rests.filter((rest) => Math.abs(rest - base) <= limit).length >= minStanding * letters.length
  )
}
