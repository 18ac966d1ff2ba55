import type { Block, Word } from '../../../shared/contract/result/layout.ts'
import { wordsOf } from '../read/score.ts'

/** Words that are long and certain enough to be compared, and the maximum number of comparisons. */
const minLength = 3
const minConfidence = 50
const maxWords = 300
const minWords = 3
/** Mean similarity of words at the same places: a cipher stays below 0.2, another language's model above 0.7. */
const minSimilarity = 0.5

/**
 * Whether the reading of a page confirms text that the page claims to have: most words agree roughly with a word at the
 * same place. They need not be equal, because the engine may not know the language.
 */
export function confirms(reading: readonly Block[], own: readonly Block[]): boolean {
  const read = wordsOf(reading)
    .filter(({ text, confidence }) => text.length >= minLength && confidence >= minConfidence)
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, maxWords)
  if (read.length < minWords) return false
  const candidates = wordsOf(own)
  const similarities = read.map((word) => bestMatch(word, candidates))
  return similarities.reduce((sum, each) => sum + each, 0) >= minSimilarity * read.length
}

function bestMatch(word: Word, candidates: readonly Word[]): number {
  const near = candidates.filter((other) => meets(word, other))
  return Math.max(0, ...near.slice(0, 50).map((other) => similarityOf(word.text, other.text)))
}

const meets = ({ bbox: one }: Word, { bbox: other }: Word): boolean =>
  one.x0 < other.x1 && one.x1 > other.x0 && one.y0 < other.y1 && one.y1 > other.y0

/** Longer words are compared by their beginnings: the time grows with the square of the length. */
const maxLength = 64

/** 1 minus the edit distance (Levenshtein) per character of the longer word. */
function similarityOf(one: string, other: string): number {
  const [a, b] = [fold(one), fold(other)]
  const longest = Math.max(a.length, b.length)
  return longest === 0 ? 0 : 1 - distance(a, b) / longest
}

const fold = (text: string): string[] =>
  Array.from(text.normalize('NFKC').toLowerCase()).slice(0, maxLength)

function distance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of a.entries()) {
    const next = [i + 1]
    for (const [j, other] of b.entries()) {
      const [above = 0, diagonal = 0, left = 0] = [row[j + 1], row[j], next[j]]
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}
