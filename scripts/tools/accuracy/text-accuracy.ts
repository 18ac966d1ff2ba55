import { distance } from 'fastest-levenshtein'

/** All kinds of quotes and dashes count as equal, and so does white space. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[‘’‚`´]/g, "'")
    .replaceAll(/[“”„«»]/g, '"')
    .replaceAll(/[‐‑‒–—―]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .trim()

/** The form of a text for comparison: folded, in lower case. */
const comparable = (text: string): string => fold(text).toLowerCase()

/** The counted form of a word: it contains only letters, digits and marks, or is empty. */
export const comparableWord = (word: string): string =>
  comparable(word).replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, '')

/** The counted forms of a text's words. */
export const comparableWords = (text: string): string[] =>
  comparable(text)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '')

function bag(text: string): Map<string, number> {
  const words = new Map<string, number>()
  for (const word of comparableWords(text)) words.set(word, (words.get(word) ?? 0) + 1)
  return words
}

const size = (words: ReadonlyMap<string, number>): number =>
  words.values().reduce((sum, count) => sum + count, 0)

/** F1 of the words of a text against the ground truth, 0 to 1: letters and digits, case folded, in any order. */
export function wordF1(truth: string, text: string): number {
  const [wanted, found] = [bag(truth), bag(text)]
  const total = size(wanted) + size(found)
  const hits = wanted
    .entries()
    .reduce((sum, [word, count]) => sum + Math.min(count, found.get(word) ?? 0), 0)
  return total === 0 ? 1 : (2 * hits) / total
}

/**
 * Characters to insert, delete or replace per character of the ground truth, 0 to 1 at most: NFKC, quotes, dashes and
 * white space folded, case ignored. Unlike word F1 it depends on the reading order.
 */
export function characterErrorRate(truth: string, text: string): number {
  const wanted = comparable(truth)
  return Math.min(1, distance(wanted, comparable(text)) / Math.max(1, wanted.length))
}
