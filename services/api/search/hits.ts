import type { Word } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { passagesOf } from '../../ledger/queries/search/passages.ts'
import type { WordToken } from '../../ledger/queries/search/tokens.ts'
import { shownLength, snippetOf, type Range } from './snippet.ts'
import type { SearchTerm } from './query.ts'

const maxWords = 100

/**
 * Shows where a page matches: text round the first hit as HTML with the hits in `<mark>`, and the words that were hit
 * with their boxes, in reading order, the first hundred. A page without boxes has a snippet only.
 */
export function findHits(
  page: PageResult,
  terms: readonly SearchTerm[],
): { snippet: string; words: Word[] } {
  return {
    snippet: snippetOf(page.text, shownHits(page.text, terms)),
    words: hitWords(page, terms),
  }
}

/** Ranges of a text, by start: those that a snippet may show. */
function shownHits(text: string, terms: readonly SearchTerm[]): Range[] {
  const hits: Range[] = []
  for (const tokens of passagesOf(text)) {
    let first: number | undefined
    for (const hit of rangesOf(tokens, terms)) {
      first ??= hit.start
      if (hit.start > first + shownLength) break
      hits.push(hit)
    }
  }
  return hits.toSorted((a, b) => a.start - b.start)
}

function hitWords({ blocks }: PageResult, terms: readonly SearchTerm[]): Word[] {
  const { text, words } = textOf(blocks)
  const hit = new Set<number>()
  let at = 0
  for (const tokens of passagesOf(text)) {
    let count = 0
    for (const { start, end } of rangesOf(tokens, terms)) {
      // Hits come by start, so that no later one adds a word before the hundredth.
      if (count > maxWords) break
      while ((words[at - 1]?.end ?? 0) > start) at -= 1
      while ((words[at]?.end ?? Infinity) <= start) at += 1
      for (let index = at; (words[index]?.start ?? Infinity) < end; index += 1) {
        if (hit.size === hit.add(index).size) continue
        count += 1
      }
    }
  }
  const sorted = [...hit].toSorted((a, b) => a - b).slice(0, maxWords)
  return sorted.flatMap((index) => words[index]?.word ?? [])
}

interface PlacedWord extends Range {
  word: Word
}

/** The words of a page as one text, and the place of each. A phrase may go on in the next line or block. */
function textOf(blocks: PageResult['blocks']): { text: string; words: PlacedWord[] } {
  const words: PlacedWord[] = []
  let text = ''
  for (const { paragraphs } of blocks) {
    for (const { lines } of paragraphs) {
      for (const line of lines) {
        for (const word of line.words) {
          words.push({ word, start: text.length, end: text.length + word.text.length })
          text += `${word.text} `
        }
        text += '\n'
      }
    }
  }
  return { text, words }
}

/** The places where terms match, by start. */
function* rangesOf(tokens: readonly WordToken[], terms: readonly SearchTerm[]): Generator<Range> {
  const byFirst = Map.groupBy(terms, ({ tokens: wanted, isPrefix }) =>
    isPrefix && wanted.length === 1 ? '' : (wanted[0] ?? ''),
  )
  const prefixes = byFirst.get('') ?? []
  for (const [at, token] of tokens.entries()) {
    for (const term of [...(byFirst.get(token.text) ?? []), ...prefixes]) {
      const end = endOf(tokens, at, term)
      if (end !== undefined) yield { start: token.start, end }
    }
  }
}

/** Where a match that begins at this token ends; undefined if it is none. */
function endOf(
  tokens: readonly WordToken[],
  at: number,
  { tokens: wanted, isPrefix }: SearchTerm,
): number | undefined {
  const last = wanted.length - 1
  const isMatch = wanted.every((text, offset) => {
    const found = tokens[at + offset]?.text
    return isPrefix && offset === last ? found?.startsWith(text) : found === text
  })
  if (!isMatch) return undefined
  const found = tokens[at + last]
  // A single letter of a script without spaces matches the pair that it begins.
  const isOneLetter = isPrefix && Array.from(wanted[last] ?? '').length === 1
  return isOneLetter ? (found?.firstEnd ?? found?.end) : found?.end
}
