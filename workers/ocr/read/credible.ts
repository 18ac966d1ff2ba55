import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Made } from './made.ts'
import { scoreOf, wordsOf, type Score } from './score.ts'

/**
 * Below this expected share of right words, the other rotations are tried: of 66 upside-down pages none exceeds 0.56;
 * of the same pages upright one stays below 0.65.
 */
export const poor = 0.65
/** A few words upside down are other words by chance: fewer than this must exceed a higher share. */
const [fewToTurn, poorOfFew] = [6, 0.8]

/** The page needs no other rotation. */
export const readsUpright = ({ words, share }: Score): boolean =>
  share >= (words < fewToTurn ? poorOfFew : poor)

/**
 * The engine sees a short word in the grain of one picture in fifty; a word that stands alone must exceed this
 * probability.
 */
const doubtful = 0.75
const few = 3

export const isDoubtful = ({ words, share }: Score): boolean => words < few && share < doubtful

/** The words of a page without lines are print, and not the engine's view of a picture. */
export const isCredible = ({ score, blocks }: Made): boolean =>
  score.share >= poor && !isDoubtful(score) && !isMonotonous(blocks)

/** Below this expected share of right words, with this share of the letters bare, the words are invented. */
const [invented, mostlyBare] = [0.5, 0.5]

/** The engine sees words here and there in a texture; on pages in a language that it does not know, it sees all. */
export const isInvented = (blocks: readonly Block[], bareShare: () => number): boolean =>
  isMonotonous(blocks) || (scoreOf(wordsOf(blocks)).share < invented && bareShare() >= mostlyBare)

/** Entropy of the characters, bits: print has 3 or more, four letters in turn have 2, rings in rows at most 1.5. */
const minEntropy = 1.9
/** Fewer characters repeat by chance. */
const minCharacters = 40

/** The engine read the same few characters all over: marks in rows. */
function isMonotonous(blocks: readonly Block[]): boolean {
  const characters = wordsOf(blocks).flatMap(({ text }) => Array.from(text))
  return characters.length >= minCharacters && entropyOf(characters) < minEntropy
}

/** Shannon's entropy of the distribution of values, bits. */
function entropyOf(values: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts.values().reduce((sum, count) => {
    const share = count / values.length
    return sum - share * Math.log2(share)
  }, 0)
}
