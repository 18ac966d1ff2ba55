import type { Word } from '../../../../shared/contract/result/layout.ts'
import { chanceOf, signsOf } from '../chance.ts'
import { wordCost } from '../score.ts'
import type { Place, Placed } from './places.ts'

/**
 * Chances that words are right where two engines differ, fitted by logistic regression to the words of the reference
 * pages (docs/accuracy.md). Where both read the same, 94 of 100 words are right, so agreement needs no figure. The
 * first engine's chance is that of its word alone, the second's its confidence: the probability of its least sure
 * character. A word that only the first engine reads is most often noise.
 */
const curves = {
  first: { offset: -1.3, slope: 0.8 },
  second: { offset: -0.7, slope: 0.64 },
  firstAlone: { offset: -1, slope: 0.8 },
  secondAlone: { offset: -0.2, slope: 0.35 },
} as const

/** Whether the second engine's words of a place are better than the first one's. */
export function isSecondBetter({ first, second }: Place): boolean {
  const [a, b] = [first, second].map(wordingOf)
  if (b === '' || a === b) return false
  return worth(second, chanceOfSecond) > worth(first, chanceOfFirst)
}

/** A place's words without spaces and punctuation: the first engine's spaces are the better ones. */
const wordingOf = (placed: readonly Placed[]): string =>
  placed
    .map(({ word }) => signsOf(word.text.replaceAll(/(?<=\d)[.,](?=\d)/g, 'p')).toLowerCase())
    .join('')

const worth = (placed: readonly Placed[], chance: (word: Word) => number): number =>
  placed.reduce(
    (sum, { word }) => sum + (signsOf(word.text) === '' ? 0 : chance(word) - wordCost),
    0,
  )

const chanceOfFirst = (word: Word): number => onCurve(curves.first, chanceOf(word) ?? 0)
const chanceOfSecond = ({ confidence }: Word): number => onCurve(curves.second, confidence / 100)

/** The second engine may have missed a word of the first one: it is dropped only if it is most likely noise. */
const noise = 0.3

/** Whether a word that only the first engine reads is kept. */
export const isFirstSureAlone = ({ word }: Placed): boolean =>
  onCurve(curves.firstAlone, chanceOf(word) ?? 0) >= noise

/** Whether a word that only the second engine reads is kept: a lone letter is most often a stroke. */
export const isSecondSureAlone = ({ word: { text, confidence }, line }: Placed): boolean =>
  signsOf(text) !== '' &&
  !/^\p{L}$/u.test(signsOf(line.text)) &&
  onCurve(curves.secondAlone, confidence / 100) >= wordCost

function onCurve({ offset, slope }: { offset: number; slope: number }, chance: number): number {
  const inside = Math.max(0.005, Math.min(0.995, chance))
  return 1 / (1 + Math.exp(-offset - slope * Math.log(inside / (1 - inside))))
}
