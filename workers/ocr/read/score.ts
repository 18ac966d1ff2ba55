import type { Block, Line, Word } from '../../../shared/contract/result/layout.ts'
import { chanceOf } from './chance.ts'

/** The judge's expectation of a reading. */
export interface Score {
  /** Number of words without mere punctuation. */
  words: number
  /** Expected share of right words, 0 to 1; 0 without words. */
  share: number
  /** Expected number of right words minus the cost of each word: compares two readings of the same page. */
  worth: number
}

/**
 * A word adds to word F1 where its probability is better than half of the F1 that is reached anyway (Lipton, Elkan,
 * Narayanaswamy: Optimal thresholding of classifiers to maximize F1 measure, 2014), so a word costs this much.
 */
export const wordCost = 0.45

export function scoreOf(words: Iterable<Pick<Word, 'text' | 'confidence'>>): Score {
  let count = 0
  let right = 0
  for (const word of words) {
    const chance = chanceOf(word)
    if (chance === undefined) continue
    count += 1
    right += chance
  }
  return { words: count, share: count === 0 ? 0 : right / count, worth: right - wordCost * count }
}

export const linesOf = (blocks: readonly Block[]): Line[] =>
  blocks.flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines))

export const wordsOf = (blocks: readonly Block[]): Word[] =>
  linesOf(blocks).flatMap(({ words }) => words)
