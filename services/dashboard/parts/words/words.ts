import type { Baseline, Block, Line, Word } from '../../../../shared/contract/result/layout.ts'
import type { Upright } from './upright.ts'

/** A word with its number on the page, and the place of its line; on the page as people read it. */
export interface NumberedWord extends Word {
  number: number
  baseline: Baseline
  /** Type height of its line, pixels. */
  size: number
}

/** The words of a page in reading order: by paragraph, and by line in it. */
export function numberWords(blocks: readonly Block[], upright: Upright): NumberedWord[][][] {
  let number = 0
  const ofLine = ({ words, baseline, size }: Line): NumberedWord[] =>
    words.map((word) => {
      number += 1
      const bbox = upright.box(word.bbox)
      return { ...word, bbox, number, baseline: upright.baseline(baseline), size }
    })
  return blocks.flatMap(({ paragraphs }) => paragraphs.map(({ lines }) => lines.map(ofLine)))
}

/** Classes of confidence, percent: below them a word is worth a look. */
const sureFrom = 90
const fairFrom = 75

export const sureness = (confidence: number): 'sure' | 'fair' | 'unsure' => {
  if (confidence >= sureFrom) return 'sure'
  return confidence >= fairFrom ? 'fair' : 'unsure'
}

const plain = (text: string): string =>
  text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()

const tokensOf = (text: string): string[] => plain(text).match(/[\p{L}\p{N}]+/gu) ?? []

/** Whether a word is a hit of a search with words, "phrases", prefix* and -excluded words. */
export function createMarker(search: string): (word: string) => boolean {
  const terms = search.split(/\s+/).filter((term) => !term.startsWith('-'))
  const whole = new Set(terms.filter((term) => !term.endsWith('*')).flatMap(tokensOf))
  const prefixes = terms.filter((term) => term.endsWith('*')).flatMap(tokensOf)
  return (word) =>
    tokensOf(word).some(
      (token) => whole.has(token) || prefixes.some((prefix) => token.startsWith(prefix)),
    )
}
