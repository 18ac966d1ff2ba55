import type { SearchTerm } from './query.ts'

/** In shorter words, one other letter often makes another word. */
const shortestWord = 5
/** Of one phrase: the product of its words' forms. */
const maxForms = 60
const onlyLetters = /^[\p{L}\p{M}]+$/u

/** Letters that engines confuse with a pair of others, beside all that differ by one letter. */
const confusions = [
  ['m', 'rn'],
  ['m', 'nn'],
  ['m', 'in'],
  ['d', 'cl'],
  ['w', 'vv'],
  ['u', 'ii'],
  ['n', 'ri'],
  ['h', 'li'],
] as const

/**
 * The term, and its forms with one misread letter in each word of five letters and more that `isThere` finds: another
 * letter, one missing, one too many, two exchanged, one read as punctuation or as two, a word in two parts.
 */
export function withMisread(term: SearchTerm, isThere: (token: string) => boolean): SearchTerm[] {
  let forms: string[][] = [[]]
  for (const [at, token] of term.tokens.entries()) {
    const isOpen = term.isPrefix && at === term.tokens.length - 1
    const others = isOpen ? [] : misreadings(token, isThere)
    const room = Math.max(1, Math.floor(maxForms / forms.length))
    const each = [[token], ...others].slice(0, room)
    forms = forms.flatMap((form) => each.map((tokens) => [...form, ...tokens]))
  }
  return forms.map((tokens) => ({ tokens, isPrefix: term.isPrefix }))
}

/** Each a token, or two of a word that was read in parts. */
function misreadings(word: string, isThere: (token: string) => boolean): string[][] {
  const letters = Array.from(word)
  if (letters.length < shortestWord || !onlyLetters.test(word)) return []
  const known = new Map<string, boolean>()
  const has = (token: string): boolean => {
    const isKnown = known.get(token) ?? isThere(token)
    known.set(token, isKnown)
    return isKnown
  }
  const whole = new Set(likeWords(letters))
  whole.delete(word)
  return [
    ...[...whole].filter(has).map((token) => [token]),
    ...inParts(letters).filter((parts) => parts.every(has)),
  ]
}

function* likeWords(letters: readonly string[]): Generator<string> {
  const alphabet = alphabetOf(letters)
  for (const [at, letter] of letters.entries()) {
    const [before, after] = [letters.slice(0, at).join(''), letters.slice(at + 1).join('')]
    yield before + after
    for (const other of alphabet) {
      yield before + other + after
      yield before + other + letter + after
    }
    const next = letters[at + 1]
    if (next !== undefined) yield before + next + letter + letters.slice(at + 2).join('')
  }
  for (const other of alphabet) yield letters.join('') + other
  yield* confused(letters.join(''))
}

function* confused(word: string): Generator<string> {
  for (const pair of confusions) {
    for (const [from, to] of [pair, pair.toReversed()]) {
      if (from === undefined || to === undefined) continue
      for (let at = word.indexOf(from); at !== -1; at = word.indexOf(from, at + 1)) {
        yield word.slice(0, at) + to + word.slice(at + from.length)
      }
    }
  }
}

/** The word with a space between two letters, or in place of one. */
function inParts(letters: readonly string[]): string[][] {
  return letters
    .flatMap((_, at) => {
      const before = letters.slice(0, at).join('')
      return [at, at + 1].map((from) => [before, letters.slice(from).join('')])
    })
    .filter(([first = '', second = '']) => first.length > 1 && second.length > 1)
}

const scripts = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Hebrew',
  'Arabic',
  'Armenian',
  'Devanagari',
] as const
/** Code points: the letters that texts of these scripts consist of. */
const lastLetter = 0x97f
const lastLatin = 0x17f
const digits = Array.from('0123456789')
const alphabets = new Map<string, readonly string[]>()

/** The letters that a misread one may have become, digits with them. Empty for scripts that are not listed. */
function alphabetOf(letters: readonly string[]): readonly string[] {
  const script = scripts.find((name) => new RegExp(`\\p{sc=${name}}`, 'u').test(letters[0] ?? ''))
  if (script === undefined) return []
  const made = alphabets.get(script) ?? lettersOf(script)
  alphabets.set(script, made)
  return made
}

/** Accents and capitals are folded in the index. */
function lettersOf(script: string): string[] {
  const isOfScript = new RegExp(`^[[\\p{sc=${script}}]&&[\\p{Ll}\\p{Lo}\\p{M}0-9]]$`, 'v')
  const last = script === 'Latin' ? lastLatin : lastLetter
  const all = Array.from({ length: last }, (_, code) => String.fromCodePoint(code))
  return [
    ...all.filter((letter) => isOfScript.test(letter) && letter.normalize('NFKD') === letter),
    ...digits,
  ]
}
