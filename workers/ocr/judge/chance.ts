import type { Word } from '../../../shared/contract.ts'

/**
 * How likely a word is right, 0 to 1, by its confidence and by what kind of word it is; undefined for mere punctuation.
 * Engines are sure of short scraps that they see in rules and smudges, and unsure of sound numbers, so confidence alone
 * chooses badly between attempts. The figures are fitted to some 45 000 words that were read from 65 scanned English pages and compared with
 * their ground truth (docs/accuracy.md): each is where words of that kind begin at confidence 0 and where they end at 100.
 */
export function chanceOf({
  text,
  confidence,
}: Pick<Word, 'text' | 'confidence'>): number | undefined {
  const signs = text.normalize('NFKC').replaceAll(/[^\p{L}\p{N}\p{M}]/gu, '')
  if (signs === '') return undefined
  const { least, most, power } = curveOf(signs)
  return least + (most - least) * (Math.max(0, Math.min(100, confidence)) / 100) ** power
}

interface Curve {
  least: number
  most: number
  power: number
}

function curveOf(signs: string): Curve {
  const isShort = /^.{1,3}$/su.test(signs)
  if (/^\p{N}+$/u.test(signs)) {
    return signs.length === 1
      ? { least: 0.45, most: 0.95, power: 2 }
      : { least: 0.65, most: 0.98, power: 2 }
  }
  if (/^[\p{L}\p{M}]+$/u.test(signs)) {
    const hasOddCase = signs !== signs.toUpperCase() && /.\p{Lu}/u.test(signs)
    if (hasOddCase)
      return isShort ? { least: 0.15, most: 0.65, power: 1 } : { least: 0.25, most: 0.9, power: 1 }
    return isShort ? { least: 0.13, most: 0.99, power: 1.5 } : { least: 0.33, most: 0.99, power: 1 }
  }
  return isShort ? { least: 0.15, most: 0.55, power: 1 } : { least: 0.35, most: 0.95, power: 1 }
}
