import type { Random } from '../common/random.ts'
import { words } from './words.ts'

/** Writes text that looks like the English of offices: sentences, names, addresses and figures. */
export interface Writer {
  random: Random
  noun: () => string
  sentence: () => string
  /** Sentences with at least this many words in all. */
  paragraph: (minWords: number) => string
  /** Two to four words, the first with a capital. */
  title: () => string
  name: () => string
  email: () => string
  phone: () => string
  /** A street with its number, and a place with its code. */
  address: () => readonly [street: string, place: string]
  date: () => string
  /** A sum of money with two decimals and separators of thousands. */
  amount: (max?: number) => string
  /** Capital letters and digits: `KR-20418`. */
  code: () => string
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const money = (value: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Makes a writer that draws from `random`. */
export function createWriter(random: Random): Writer {
  const { pick, integer, chance } = random
  const noun = (): string => pick(words.nouns)
  const phrase = (): string =>
    `${pick(['the', 'a new', 'each', 'our', 'the', 'the', 'one', 'this'])} ${chance(0.5) ? `${pick(words.adjectives)} ` : ''}${noun()}`
  const letter = (): string => pick('ABCDEFGHJKLMNPRSTUVWX'.split(''))
  const name = (): string =>
    `${pick(words.firstNames)} ${chance(0.2) ? `${letter()}. ` : ''}${pick(words.lastNames)}`
  const date = (): string => `${integer(1, 28)} ${pick(words.months)} ${integer(1987, 2026)}`
  const amount = (max = 9_000): string => money(integer(100, max * 100) / 100)
  const code = (): string => `${letter()}${letter()}-${integer(100, 99_999)}`
  const clause = (): string => {
    const subject = pick([phrase, phrase, phrase, name])()
    return `${subject} ${chance(0.25) ? `${pick(words.adverbs)} ` : ''}${pick(words.verbs)} ${phrase()}`
  }
  const place = (): string =>
    pick([
      () => `in ${pick(words.places)}`,
      () => `near the ${noun()}`,
      () => `on ${date()}`,
      () => `for $${amount(900)}`,
      () => `(see page ${integer(2, 480)})`,
      () => `with ${integer(2, 95)} % of the ${noun()}`,
      () => `before the ${pick(words.adjectives)} ${noun()}`,
      () => `at ${integer(1, 12)}:${integer(10, 59)}`,
    ])()
  const sentence = (): string => {
    const head = capital(clause())
    const more = pick([
      () => '',
      () => ` ${place()}`,
      () => ` ${place()}`,
      () => `, and ${clause()}`,
      () => ` ${place()}, but ${clause()}`,
      () => ` because ${clause()} ${place()}`,
      () => `; ${clause()}`,
      () => `, which ${pick(words.verbs)} ${phrase()} ${place()}`,
    ])()
    return `${head}${more}${pick(['.', '.', '.', '.', '.', '?', '!'])}`
  }
  return {
    random,
    noun,
    sentence,
    paragraph(minWords) {
      const sentences: string[] = []
      let count = 0
      while (count < minWords) {
        const next = sentence()
        sentences.push(next)
        count += next.split(' ').length
      }
      return sentences.join(' ')
    },
    title: () =>
      capital(
        [
          pick(words.adjectives),
          noun(),
          ...(chance(0.5) ? ['and', noun()] : []),
          ...(chance(0.2) ? [String(integer(2, 2026))] : []),
        ].join(' '),
      ),
    name,
    email: () =>
      `${pick(words.firstNames)}.${pick(words.lastNames)}@${pick(words.domains)}`.toLowerCase(),
    phone: () =>
      `+${integer(1, 99)} ${integer(20, 999)} ${integer(100, 999)} ${integer(1000, 9999)}`,
    address: () => [
      `${integer(1, 240)} ${capital(noun())} ${pick(['Street', 'Road', 'Lane', 'Avenue', 'Square'])}`,
      `${pick(words.places)} ${integer(10_000, 99_999)}`,
    ],
    date,
    amount,
    code,
  }
}
