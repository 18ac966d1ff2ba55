import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { tokensOf } from '../../ledger/queries/search/tokens.ts'

/** Consecutive words, as in the index; with `isPrefix` the last one is a prefix. */
export interface SearchTerm {
  tokens: readonly string[]
  isPrefix: boolean
}

/** Each costs a walk through the index; a thousand characters hold no more. */
const maxTokens = 500
/** Each is looked up in a thousand forms: 50 to 100 ms. */
const maxFuzzyTokens = 20
/** A shorter one would walk through most of the index. */
const shortestPrefix = 2

// "a phrase", also in typographic or unclosed quotes, or a word.
const part =
  /(?<sign>-?)(?:["“”„«»](?<phrase>[^"“”„«»]*)["“”„«»]?|(?<word>[^\s"“”„«»]+))(?<star>\*?)/gu

/** The terms of a query: a page must match each of `wanted` and none of `excluded`. */
export interface SearchQuery {
  wanted: readonly SearchTerm[]
  excluded: readonly SearchTerm[]
}

/**
 * Parses a query: all words and "quoted phrases" must match, a trailing `*` matches all words with that prefix, a
 * leading `-` excludes. Throws `invalid_request`.
 */
export function parseSearchQuery(q: string, isFuzzy = false): SearchQuery {
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
  const most = isFuzzy ? maxFuzzyTokens : maxTokens
  if (count > most) {
    throw refused(
      `must have at most ${most} words${isFuzzy ? ' with fuzzy' : ''}, and has ${count}`,
    )
  }
  return { wanted: [...wanted.values()], excluded: [...excluded.values()] }
}

function toTerm(typed: string, isFollowedByStar: boolean): SearchTerm | undefined {
  const tokens = tokensOf(typed)
  const last = tokens.at(-1)
  if (last === undefined) return undefined
  const isTypedPrefix = isFollowedByStar || typed.slice(last.end).includes('*')
  // In scripts without spaces the text goes on: the last letter begins a pair there, and ends one here.
  if (last.isLast === true && tokens.at(-2)?.firstEnd !== undefined) tokens.pop()
  const texts = tokens.map(({ text }) => text)
  if (isTypedPrefix && last.isLast !== true && last.text.length < shortestPrefix) {
    throw refused(`must have at least ${shortestPrefix} letters before *, and has '${last.text}*'`)
  }
  return { tokens: texts, isPrefix: isTypedPrefix || last.isLast === true }
}

/**
 * The FTS5 expression of a query; each of its groups has the forms of one wanted term. Only tokens enter the
 * expression, so that no input can be FTS5 syntax.
 */
export function toMatch(
  groups: readonly (readonly SearchTerm[])[],
  { excluded }: SearchQuery,
): string {
  const match = groups.map((forms) => anyOf(forms)).join(' AND ')
  return excluded.length === 0 ? match : `(${match}) NOT ${anyOf(excluded)}`
}

const anyOf = (terms: readonly SearchTerm[]): string => {
  const all = terms.map(toExpression).join(' OR ')
  return terms.length === 1 ? all : `(${all})`
}

const toExpression = ({ tokens, isPrefix }: SearchTerm): string =>
  `"${tokens.join(' ')}"${isPrefix ? ' *' : ''}`

const refused = (why: string): ScriptoriumError =>
  new ScriptoriumError('invalid_request', `q ${why}`)
