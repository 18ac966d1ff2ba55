/** A token of the index, and its place in the original text (UTF-16 units). */
interface WordToken {
  text: string
  start: number
  end: number
}

/**
 * Splits a text as FTS5's `unicode61 remove_diacritics 2` does: at everything but letters, numbers and private use,
 * while these combining marks, within a word, are no part of it (other marks split it). FTS5's tables are those of
 * Unicode 6.1: it treats newer characters as letters without case. https://sqlite.org/fts5.html#unicode61_tokenizer
 */
const wordPattern =
  /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{Co}\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331]*/gu

export function* eachToken(text: string): Generator<WordToken> {
  for (const { 0: word, index } of text.matchAll(wordPattern)) {
    yield { text: fold(word), start: index, end: index + word.length }
  }
}

export const tokensOf = (text: string): WordToken[] => [...eachToken(text)]

/** Letters that FTS5 folds to another letter than JavaScript's lower case, and the one accented letter that it keeps. */
const exceptions: ReadonlyMap<string, string> = new Map([
  ['µ', 'μ'],
  ['ſ', 's'],
  ['ẛ', 's'],
  ['ς', 'σ'],
  ['ϐ', 'β'],
  ['ϑ', 'θ'],
  ['ϕ', 'φ'],
  ['ϖ', 'π'],
  ['ϰ', 'κ'],
  ['ϱ', 'ρ'],
  ['ϵ', 'ε'],
  ['\u1fbe', 'ι'],
  ['Ǡ', 'ǡ'],
  ['ǡ', 'ǡ'],
])

const beyondAscii = /[^\0-\x7f]/gu
const isMark = /^\p{M}$/u
const accentedLatin = /^([a-z])\p{M}+$/u

/** Character by character: in whole words JavaScript's lower case of a letter depends on its neighbours. */
const fold = (word: string): string => word.replace(beyondAscii, foldCharacter).toLowerCase()

function foldCharacter(character: string): string {
  if (isMark.test(character)) return ''
  const exception = exceptions.get(character)
  if (exception !== undefined) return exception
  const [, base] = accentedLatin.exec(character.normalize('NFD').toLowerCase()) ?? []
  return base ?? character.toLowerCase()
}
