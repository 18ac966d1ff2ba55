import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { tokensOf } from './tokens.ts'

/** Consecutive words, as in the index; with `isPrefix` the last one is a prefix. */
export interface SearchTerm {
  tokens: readonly string[]
  isPrefix: boolean
}

/** Each costs a walk through the index; a thousand characters hold no more. */
const maxTokens = 500
/** The index keeps prefixes from this length on; a shorter one would walk through all words there are. */
const shortestPrefix = 2

// "a phrase", also in typographic or unclosed quotes, or a word.
const part =
  /(?<sign>-?)(?:["“”„«»](?<phrase>[^"“”„«»]*)["“”„«»]?|(?<word>[^\s"“”„«»]+))(?<star>\*?)/gu

/**
 * Turns a query into an FTS5 expression and the terms of a matching page: all words and "quoted phrases" must match, a
 * trailing `*` matches all words with that prefix, a leading `-` excludes. Only tokens enter the expression, so that no
 * input can be FTS5 syntax. Throws `invalid_request`.
 */
export function parseSearchQuery(q: string): { match: string; terms: SearchTerm[] } {
  const wanted = new Map<string, SearchTerm>()
  const excluded = new Map<string, SearchTerm>()
  for (const { groups } of q.matchAll(part)) {
    const term = toTerm(groups?.['phrase'] ?? groups?.['word'] ?? '', groups?.['star'] === '*')
    if (term === undefined) continue
    const side = groups?.['sign'] === '-' ? excluded : wanted
    side.set(toExpression(term), term)
  }
  if (wanted.size === 0) {
    throw refused('must have at least one word or number that is not excluded')
  }
  const count = [...wanted.values(), ...excluded.values()].flatMap(({ tokens }) => tokens).length
  if (count > maxTokens) throw refused(`must have at most ${maxTokens} words, and has ${count}`)
  const match = [...wanted.keys()].join(' AND ')
  return {
    match: excluded.size === 0 ? match : `(${match}) NOT (${[...excluded.keys()].join(' OR ')})`,
    terms: [...wanted.values()],
  }
}

function toTerm(typed: string, isFollowedByStar: boolean): SearchTerm | undefined {
  const tokens = tokensOf(typed)
  const end = tokens.at(-1)?.end
  if (end === undefined) return undefined
  const isPrefix = isFollowedByStar || typed.slice(end).includes('*')
  const texts = tokens.map(({ text }) => text)
  if (isPrefix && (texts.at(-1) ?? '').length < shortestPrefix) {
    throw refused(
      `must have at least ${shortestPrefix} letters before *, and has '${texts.at(-1)}*'`,
    )
  }
  return { tokens: texts, isPrefix }
}

const toExpression = ({ tokens, isPrefix }: SearchTerm): string =>
  `"${tokens.join(' ')}"${isPrefix ? ' *' : ''}`

const refused = (why: string): ScriptoriumError =>
  new ScriptoriumError('invalid_request', `q ${why}`)
