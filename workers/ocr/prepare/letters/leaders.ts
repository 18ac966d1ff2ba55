import { heightOf, type Glyph } from './glyph.ts'

/** Dots of a leader are filled and as wide as high, within this share of their box and this factor. */
const [minFilled, maxAspect] = [0.65, 1.6]
/** Neighbouring dots are of one size within this factor, and at most this many sizes apart. */
const [maxRatio, maxPitch] = [1.4, 5]
/** Their distances differ by this share at most, and a pixel for rounding. */
const tolerance = 0.2
/** Fewer dots side by side are an ellipsis. */
const minDots = 5

/** Whether a piece with this much ink may be a dot of a leader; letters are higher than wide or hollow. */
export function isDot(glyph: Glyph, ink: number): boolean {
  const [width, height] = [glyph.x1 - glyph.x0, heightOf(glyph)]
  const isSquare = width <= maxAspect * height && height <= maxAspect * width
  return isSquare && ink >= minFilled * width * height
}

/**
 * Returns the dots that are leaders, as between a chapter and its page number: at least five of one size at equal
 * distances in a row. A page of them has more dots than letters.
 */
export function findLeaders(dots: readonly Glyph[]): Set<Glyph> {
  const leaders = new Set<Glyph>()
  const rows = Map.groupBy(dots, ({ y1 }) => y1)
  for (const row of rows.values()) {
    let run: Glyph[] = []
    for (const dot of row.toSorted((a, b) => a.x0 - b.x0)) {
      if (!follows(run, dot)) run = run.slice(-1)
      if (!follows(run, dot)) run = []
      run.push(dot)
      if (run.length >= minDots) for (const each of run) leaders.add(each)
    }
  }
  return leaders
}

/** Whether a dot continues a run: near the last one, of its size, at the distance of the run's first two. */
function follows(run: readonly Glyph[], dot: Glyph): boolean {
  const last = run.at(-1)
  if (last === undefined) return true
  const [size, lastSize] = [heightOf(dot), heightOf(last)]
  const pitch = dot.x0 - last.x0
  if (Math.max(size, lastSize) > maxRatio * Math.min(size, lastSize)) return false
  if (pitch > maxPitch * Math.max(size, lastSize)) return false
  const [first, second] = run
  if (first === undefined || second === undefined) return true
  const usual = second.x0 - first.x0
  return Math.abs(pitch - usual) <= tolerance * usual + 1
}
