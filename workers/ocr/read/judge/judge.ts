import type { Block, Line, Word } from '../../../../shared/contract/result/layout.ts'
import { insertLine, replaceLines, withWords } from '../merge.ts'
import { linesOf } from '../score.ts'
import { isFirstSureAlone, isSecondBetter, isSecondSureAlone } from './chances.ts'
import { placesOf, type Placed } from './places.ts'

/**
 * Merges the readings of two engines, both in the same pixels with lines level: the first, with the words of each place
 * replaced that the second read better, and the words that only the second saw and is sure of. Two engines that fail
 * differently are right where they agree (Lund, Walker, Ringger: Why multiple document image binarizations improve OCR,
 * HIP 2013). The first reading's order is kept.
 */
export function judge(
  first: readonly Block[],
  second: readonly Block[],
  leads: 'first' | 'second',
): Block[] {
  const isFirst = leads === 'first'
  const base = isFirst ? first : second
  const [isSure, isOtherSure] = isFirst
    ? [isFirstSureAlone, isSecondSureAlone]
    : [isSecondSureAlone, isFirstSureAlone]
  const stead = new Map<Word, readonly Word[]>()
  const alone: Placed[] = []
  for (const place of placesOf(first, second)) {
    const [own, other] = isFirst ? [place.first, place.second] : [place.second, place.first]
    const [head, ...others] = own
    if (head === undefined) {
      alone.push(...other.filter(isOtherSure))
    } else if (other.length === 0) {
      for (const each of own) if (!isSure(each)) stead.set(each.word, [])
    } else if (isSecondBetter(place) === isFirst) {
      stead.set(
        head.word,
        other.map(({ word }) => word),
      )
      for (const each of others) stead.set(each.word, [])
    }
  }
  const changed = new Map<Line, Line>()
  for (const line of linesOf(base)) {
    const words = line.words.flatMap((word) => stead.get(word) ?? [word])
    changed.set(line, line.words.some((word) => stead.has(word)) ? withWords(line, words) : line)
  }
  const added: Line[] = []
  for (const [line, placed] of Map.groupBy(alone, ({ line: own }) => own)) {
    const words = placed.map(({ word }) => word)
    const host = hostOf(line, base, changed)
    const hosted = host && changed.get(host)
    if (host !== undefined && hosted !== undefined)
      changed.set(host, withWords(hosted, [...hosted.words, ...words].toSorted(fromLeft)))
    else added.push(withWords(line, words))
  }
  const blocks = replaceLines(base, (line) => {
    const now = changed.get(line) ?? line
    return now.words.length === 0 ? [] : [now]
  })
  for (const line of added) insertLine(blocks, line)
  return blocks
}

const fromLeft = (a: Word, b: Word): number => a.bbox.x0 - b.bbox.x0

/** A line that ends at most this far beside the words, in heights, is theirs. */
const maxGap = 3

/** The line of the first reading on whose row these words stand. */
function hostOf(
  { bbox }: Line,
  blocks: readonly Block[],
  changed: ReadonlyMap<Line, Line>,
): Line | undefined {
  const room = maxGap * (bbox.y1 - bbox.y0)
  return linesOf(blocks).find((line) => {
    const own = changed.get(line)
    if (own === undefined || own.words.length === 0) return false
    const down = Math.min(own.bbox.y1, bbox.y1) - Math.max(own.bbox.y0, bbox.y0)
    const isBeside = own.bbox.x0 - room < bbox.x1 && bbox.x0 < own.bbox.x1 + room
    return isBeside && down > 0.5 * Math.max(own.bbox.y1 - own.bbox.y0, bbox.y1 - bbox.y0)
  })
}
