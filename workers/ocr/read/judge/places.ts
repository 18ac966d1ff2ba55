import type { BBox, Block, Line, Word } from '../../../../shared/contract/result/layout.ts'
import { linesOf } from '../score.ts'

/** A word and its line. */
export interface Placed {
  word: Word
  line: Line
}

/** Words of two readings at one place of a page, from left to right; one of the lists may be empty. */
export interface Place {
  first: Placed[]
  second: Placed[]
}

/** Words share a place where their boxes share these parts of the lower height and of the narrower width. */
const [minDown, minAcross] = [0.5, 0.25]

/** Groups the words of two readings in the same pixels by their places: one word may be two in the other reading. */
export function placesOf(first: readonly Block[], second: readonly Block[]): Place[] {
  const [left, right] = [placedOf(first), placedOf(second)]
  const places = new Map<Placed, Place>()
  for (const placed of left) places.set(placed, { first: [placed], second: [] })
  const byTop = left.toSorted((a, b) => a.word.bbox.y0 - b.word.bbox.y0)
  const tallest = byTop.reduce((max, { word }) => Math.max(max, heightOfWord(word)), 0)
  for (const placed of right) {
    const { y0, y1 } = placed.word.bbox
    const mates = byTop.filter(
      ({ word }) =>
        word.bbox.y0 < y1 && word.bbox.y0 > y0 - tallest && share(word.bbox, placed.word.bbox),
    )
    const [head, ...others] = new Set(mates.flatMap((mate) => places.get(mate) ?? []))
    const place = head ?? { first: [], second: [] }
    for (const other of others) {
      place.first.push(...other.first)
      place.second.push(...other.second)
    }
    place.second.push(placed)
    for (const member of [...place.first, ...place.second]) places.set(member, place)
  }
  return [...new Set(places.values())].map((place) => ({
    first: place.first.toSorted(fromLeft),
    second: place.second.toSorted(fromLeft),
  }))
}

const placedOf = (blocks: readonly Block[]): Placed[] =>
  linesOf(blocks).flatMap((line) => line.words.map((word) => ({ word, line })))

const heightOfWord = ({ bbox: { y0, y1 } }: Word): number => y1 - y0

const fromLeft = (a: Placed, b: Placed): number => a.word.bbox.x0 - b.word.bbox.x0

function share(a: BBox, b: BBox): boolean {
  const down = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0)
  const across = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)
  return (
    down > minDown * Math.min(a.y1 - a.y0, b.y1 - b.y0) &&
    across > minAcross * Math.min(a.x1 - a.x0, b.x1 - b.x0)
  )
}
