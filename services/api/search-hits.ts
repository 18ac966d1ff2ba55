import type { PageResult, Word } from '../../shared/contract.ts'
import { snippetOf, type Range } from './search-snippet.ts'
import type { SearchTerm } from './search-query.ts'
import { tokensOf } from './search-tokens.ts'

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

/** Ranges of a text, by start. */
function hitsIn(text: string, terms: readonly SearchTerm[]): Range[] {
  const tokens = tokensOf(text)
  return runsOf(tokens, terms).flatMap(({ start, end }) => {
    const [first, last] = [tokens[start], tokens[end - 1]]
    return first && last ? [{ start: first.start, end: last.end }] : []
  })
}

function hitWords({ blocks }: PageResult, terms: readonly SearchTerm[]): Word[] {
  const words = blocks.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ lines }) => lines.flatMap((line) => line.words)),
  )
  // A phrase may begin in one word and end in another one, also on the next line.
  const tokens = words.flatMap((word) => tokensOf(word.text).map(({ text }) => ({ text, word })))
  const hit = new Set<Word>()
  for (const { start, end } of runsOf(tokens, terms)) {
    for (const { word } of tokens.slice(start, end)) hit.add(word)
  }
  return words.filter((word) => hit.has(word)).slice(0, maxWords)
}

/** Which tokens, by index, are those of a term, by start. */
function runsOf(tokens: readonly { text: string }[], terms: readonly SearchTerm[]): Range[] {
  return tokens.flatMap((_, start) =>
    terms
      .filter((term) => beginsAt(tokens, start, term))
      .map((term) => ({ start, end: start + term.tokens.length })),
  )
}

const beginsAt = (
  tokens: readonly { text: string }[],
  start: number,
  { tokens: wanted, isPrefix }: SearchTerm,
): boolean =>
  wanted.every((token, offset) => {
    const found = tokens[start + offset]?.text
    const mayGoOn = isPrefix && offset === wanted.length - 1
    return mayGoOn ? found?.startsWith(token) : found === token
  })
