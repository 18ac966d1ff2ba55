import type { Word } from '../../../shared/contract/result/layout.ts'

/**
 * Probability that a word is right, 0 to 1, by its confidence and its kind; undefined for mere punctuation. Engines are
 * confident of short scraps that they see in rules and smudges, and doubtful of correct numbers, so confidence alone
 * chooses badly between readings. The figures are fitted to some 45 000 words that were read from 65 scanned English
 * pages and compared with their ground truth (docs/accuracy.md): each pair gives the probability for that kind at
 * confidence 0 and at confidence 100.
 */
export function chanceOf({
  text,
  confidence,
}: Pick<Word, 'text' | 'confidence'>): number | undefined {
  const signs = signsOf(text)
  if (signs === '') return undefined
  const { min, max, power } = curveOf(signs)
  return min + (max - min) * (Math.max(0, Math.min(100, confidence)) / 100) ** power
}

/** Letters, figures and marks of a text, without punctuation and spaces. */
export const signsOf = (text: string): string =>
  text.normalize('NFKC').replaceAll(/[^\p{L}\p{N}\p{M}]/gu, '')

interface Curve {
  min: number
  max: number
  power: number
}

function curveOf(signs: string): Curve {
  const isShort = /^.{1,3}$/su.test(signs)
  if (/^\p{N}+$/u.test(signs)) {
    return signs.length === 1
      ? { min: 0.45, max: 0.95, power: 2 }
      : { min: 0.65, max: 0.98, power: 2 }
  }
  if (/^[\p{L}\p{M}]+$/u.test(signs)) {
    const hasOddCase = signs !== signs.toUpperCase() && /.\p{Lu}/u.test(signs)
    if (hasOddCase)
      return isShort ? { min: 0.15, max: 0.65, power: 1 } : { min: 0.25, max: 0.9, power: 1 }
    return isShort ? { min: 0.13, max: 0.99, power: 1.5 } : { min: 0.33, max: 0.99, power: 1 }
  }
  return isShort ? { min: 0.15, max: 0.55, power: 1 } : { min: 0.35, max: 0.95, power: 1 }
}
