/**
 * The subset of JavaScript's regular expressions that globs are compiled to: characters and classes, groups, `|`, `*`,
 * `+`, `?`, lookahead, `^` and `$`. No construct that needs a backtracking matcher: no references, no lookbehind.
 */
export type Expression =
  /** One character; `source` is its regular expression. */
  | { kind: 'character'; source: string }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; parts: Expression[] }
  | { kind: 'repeat'; part: Expression; isOptional: boolean; isEndless: boolean }
  | { kind: 'lookahead'; part: Expression; isNegative: boolean }

/** A construct that cannot be matched in linear time; the message follows the pattern. */
export class UnsupportedSyntax extends Error {}

/** Parses the source of a regular expression that JavaScript has accepted. Throws `UnsupportedSyntax`. */
export function parseExpression(source: string): Expression {
  const cursor = { source, at: 0 }
  return parseChoice(cursor)
}

interface Cursor {
  source: string
  at: number
}

const startsWith = ({ source, at }: Cursor, text: string): boolean => source.startsWith(text, at)

function take(cursor: Cursor, text: string): boolean {
  if (!startsWith(cursor, text)) return false
  cursor.at += text.length
  return true
}

const isOver = (cursor: Cursor): boolean =>
  cursor.at >= cursor.source.length || startsWith(cursor, ')')

function parseChoice(cursor: Cursor): Expression {
  const parts = [parseSequence(cursor)]
  while (take(cursor, '|')) parts.push(parseSequence(cursor))
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind: 'choice', parts }
}

function parseSequence(cursor: Cursor): Expression {
  const parts: Expression[] = []
  while (!isOver(cursor) && !startsWith(cursor, '|')) parts.push(parseRepeat(cursor))
  return { kind: 'sequence', parts }
}

function parseRepeat(cursor: Cursor): Expression {
  const part = parsePart(cursor)
  const sign = ['*', '+', '?', oneOrTwo, atMostOne].find((text) => take(cursor, text))
  if (sign === undefined) return part
  take(cursor, '?') // Lazy or greedy: both match the same texts.
  if (sign === oneOrTwo) {
    const second: Expression = { kind: 'repeat', part, isOptional: true, isEndless: false }
    return { kind: 'sequence', parts: [part, second] }
  }
  return { kind: 'repeat', part, isOptional: sign !== '+', isEndless: sign === '*' || sign === '+' }
}

/** The counts that picomatch writes for `.` and `..`; a user's own braces become alternatives, or are escaped. */
const oneOrTwo = '{1,2}'
const atMostOne = '{0,1}'

function parsePart(cursor: Cursor): Expression {
  if (take(cursor, '^')) return { kind: 'start' }
  if (take(cursor, '$')) return { kind: 'end' }
  for (const [opening, isNegative] of lookaheads) {
    if (!take(cursor, opening)) continue
    return { kind: 'lookahead', part: parseGroup(cursor), isNegative }
  }
  if (take(cursor, '(?:')) return parseGroup(cursor)
  if (startsWith(cursor, '(?')) {
    throw new UnsupportedSyntax('holds a regular expression that looks back or names a group')
  }
  if (take(cursor, '(')) return parseGroup(cursor)
  return parseCharacter(cursor)
}

const lookaheads = [
  ['(?=', false],
  ['(?!', true],
] as const

function parseGroup(cursor: Cursor): Expression {
  const group = parseChoice(cursor)
  cursor.at += 1
  return group
}

const escape = /\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[^])/y
const characterClass = /\[(\\[^]|[^\]\\])*\]/y

function parseCharacter(cursor: Cursor): Expression {
  const { source, at } = cursor
  const pattern = startsWith(cursor, '\\') ? escape : characterClass
  pattern.lastIndex = at
  const found = pattern.exec(source)?.[0] ?? source.charAt(at)
  if (/^\\[1-9bBk]/.test(found)) {
    throw new UnsupportedSyntax(`holds ${found}, which is no character; / separates folders`)
  }
  if (/^\{[0-9]+,?[0-9]*\}/.test(source.slice(at, at + 30))) {
    throw new UnsupportedSyntax('counts repetitions, which globs do not support')
  }
  cursor.at += found.length
  return { kind: 'character', source: found }
}
