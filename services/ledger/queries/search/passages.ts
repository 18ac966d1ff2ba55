import { tokensOf, type WordToken } from './tokens.ts'

/** Hyphens at a line's end: of a keyboard, soft, typographic, of Fraktur, and the sign of transcriptions. */
const lineEnd = /^[-\u00ad\u2010\u2e17¬][^\S\n]{0,9}\n\s{0,9}$/
const endsWithLetter = /[\p{L}\p{M}]$/u
const beginsWithLetter = /^\p{L}/u
/** Tokens on either side of a joined word, so that phrases with it are found. */
const neighbours = 2
/** Never part of a token: no phrase goes beyond it. */
const boundary = '¶'

/**
 * The tokens of a text in which words and phrases are found: first the text as printed, then each word that is hyphenated
 * at a line's end, joined, with its neighbours.
 */
export function* passagesOf(text: string): Generator<WordToken[]> {
  const tokens = tokensOf(text)
  yield tokens
  const isHyphenated = (at: number): boolean => {
    const [before, after] = [tokens[at], tokens[at + 1]]
    if (before === undefined || after === undefined) return false
    // A soft hyphen is part of its word.
    const from = text.startsWith('\u00ad', before.end - 1) ? before.end - 1 : before.end
    return (
      after.start - from < 20 &&
      lineEnd.test(text.slice(from, after.start)) &&
      endsWithLetter.test(before.text) &&
      beginsWithLetter.test(after.text)
    )
  }
  for (let first = 0; first < tokens.length; first += 1) {
    if (!isHyphenated(first)) continue
    let last = first + 1
    while (isHyphenated(last)) last += 1
    yield [
      ...tokens.slice(Math.max(0, first - neighbours), first),
      join(tokens.slice(first, last + 1)),
      ...tokens.slice(last + 1, last + 1 + neighbours),
    ]
    first = last
  }
}

const join = (parts: readonly WordToken[]): WordToken => ({
  text: parts.map(({ text }) => text).join(''),
  start: parts[0]?.start ?? 0,
  end: parts.at(-1)?.end ?? 0,
})

/** A text as the index gets it: tokens and spaces. */
export const indexedText = (text: string): string =>
  Array.from(passagesOf(text), (tokens) => tokens.map((token) => token.text).join(' ')).join(
    ` ${boundary} `,
  )
