import type { Word } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { shownLength, snippetOf, type Range } from './snippet.ts'
import type { SearchTerm } from './query.ts'
import { eachToken } from './tokens.ts'

const maxWords = 100

/**
 * Shows where a page matches: text round the first hit as HTML with the hits in `<mark>`, and the words that were hit
 * with their boxes, in reading order, the first hundred. A page without boxes has a snippet only.
 */
export function findHits(
  page: PageResult,
  terms: readonly SearchTerm[],
): { snippet: string; words: Word[] } {
  return { snippet: snippetOf(page.text, hitsIn(page.text, terms)), words: hitWords(page, terms) }
}

/** Ranges of a text, by start: those that a snippet may show. */
function hitsIn(text: string, terms: readonly SearchTerm[]): Range[] {
  const hits: Range[] = []
  for (const run of runsOf(eachToken(text), terms)) {
    const [first, last] = [run[0], run.at(-1)]
    if (first === undefined || last === undefined) continue
    if (first.start > (hits[0]?.start ?? first.start) + shownLength) break
    hits.push({ start: first.start, end: last.end })
  }
  return hits
}

function hitWords({ blocks }: PageResult, terms: readonly SearchTerm[]): Word[] {
  // A phrase may begin in one word and end in another one, also on the next line.
  const hit = new Set<Word>()
  let before: Word | undefined
  for (const run of runsOf(wordTokens(blocks), terms)) {
    const [first] = run
    // A run of words that begins after the hundredth one adds none before it.
    if (hit.size >= maxWords && first?.word !== before) break
    before = first?.word
    for (const { word } of run) hit.add(word)
  }
  return [...hit].slice(0, maxWords)
}

function* wordTokens(blocks: PageResult['blocks']): Generator<{ text: string; word: Word }> {
  for (const { paragraphs } of blocks) {
    for (const { lines } of paragraphs) {
      for (const { words } of lines) {
        for (const word of words) {
          for (const { text } of eachToken(word.text)) yield { text, word }
        }
      }
    }
  }
}

/** Tokens that match a term, by start. Reads no more of the page than the caller requests. */
function* runsOf<T extends { text: string }>(
  tokens: Iterable<T>,
  terms: readonly SearchTerm[],
): Generator<T[]> {
  const longest = Math.max(...terms.map(({ tokens: wanted }) => wanted.length))
  const ahead: T[] = []
  const beginnings = function* (): Generator<T[]> {
    for (const term of terms) {
      if (begins(ahead, term)) yield ahead.slice(0, term.tokens.length)
    }
    ahead.shift()
  }
  for (const token of tokens) {
    if (ahead.push(token) === longest) yield* beginnings()
  }
  while (ahead.length > 0) yield* beginnings()
}

const begins = (
  tokens: readonly { text: string }[],
  { tokens: wanted, isPrefix }: SearchTerm,
): boolean =>
  wanted.every((token, offset) => {
    const found = tokens[offset]?.text
    const mayGoOn = isPrefix && offset === wanted.length - 1
    return mayGoOn ? found?.startsWith(token) : found === token
  })
