/** A token of the index, and its place in the original text (UTF-16 units). */
export interface WordToken {
  text: string
  start: number
  end: number
  /** End of its first letter: of a pair of letters in a script without spaces. */
  firstEnd?: number
  /** Whether it is the last letter of such a passage, which begins no pair. */
  isLast?: boolean
}

const spaceless =
  '[[\\p{L}\\p{N}]&&[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}]]'
/** Soft hyphens and joiners are invisible parts of a word. */
const within = '[\\p{L}\\p{N}\\p{M}\\p{Co}\\u00ad\\u200c\\u200d]'
/**
 * A passage in a script without spaces, or a word. A recognised passage may have spaces anywhere, and goes on over line
 * ends.
 */
const pattern = new RegExp(
  `(?<passage>${spaceless}(?:\\p{M}|\\s{0,3}${spaceless})*)|[\\p{L}\\p{N}\\p{Co}][${within}--${spaceless}]*`,
  'gv',
)
const letterPattern = /\S\p{M}*/gu

/**
 * Splits a text into words of letters, numbers and private use, folded for the search. In scripts without spaces each
 * two neighbouring letters are a token, and the last letter alone is one: any part of a passage is then a phrase.
 */
export function* eachToken(text: string): Generator<WordToken> {
  for (const { 0: found, index, groups } of text.matchAll(pattern)) {
    if (groups?.['passage'] !== undefined) yield* pairsOf(found, index)
    else {
      const folded = fold(found)
      if (folded !== '') yield { text: folded, start: index, end: index + found.length }
    }
  }
}

export const tokensOf = (text: string): WordToken[] => [...eachToken(text)]

function* pairsOf(passage: string, offset: number): Generator<WordToken> {
  let before: WordToken | undefined
  for (const { 0: letter, index } of passage.matchAll(letterPattern)) {
    const start = offset + index
    const next = { text: fold(letter), start, end: start + letter.length }
    if (before !== undefined) {
      const { text, start: from, end: firstEnd } = before
      yield { text: text + next.text, start: from, end: next.end, firstEnd }
    }
    before = next
  }
  if (before !== undefined) yield { ...before, isLast: true }
}

const beyondAscii = /[^\0-\x7f]/
/** Kana and Chinese letters, which have one form: most of such texts. */
const unfolded = /^[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff]$/
const accented = /([\p{scx=Latin}\p{scx=Greek}])\p{M}+/gu
/** Stress marks, and vowel points of Hebrew and Arabic, which most texts leave out. */
const points = /[\u0300\u0301\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0670]/g
const noToken = /[^\p{L}\p{N}\p{M}\p{Co}]|[\u00ad\u200c\u200d]/gu

/**
 * Case, compatible forms (ligatures, full width, long s) and accents of Latin and Greek are folded. The result has no
 * ASCII but letters and digits, so FTS5's tokenizer `ascii` keeps it whole.
 */
function fold(word: string): string {
  if (!beyondAscii.test(word)) return word.toLowerCase()
  if (unfolded.test(word)) return word
  return word
    .normalize('NFKD')
    .replace(accented, '$1')
    .replace(points, '')
    .replace(noToken, '')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC')
}
