/** An operator of a content stream with its operands, and where it begins and ends. */
export interface Operation {
  name: string
  /** The last few operands as written; those in an array one by one, strings as `()`. */
  operands: string[]
  start: number
  end: number
}

const maxOperands = 6
const maxName = 4
const isSpace = (byte: number): boolean =>
  byte === 32 || byte === 10 || byte === 13 || byte === 9 || byte === 12 || byte === 0
const delimiters: ReadonlySet<number> = new Set(Buffer.from('()<>[]{}/%'))
const isRegular = (byte: number): boolean => !isSpace(byte) && !delimiters.has(byte)
const [open, close, backslash, percent, slash, less, greater] = Buffer.from('()\\%/<>')

/**
 * Splits a content stream into its operations (ISO 32000-1, 7.8.2). Goes through the bytes once; malformed parts become
 * operands, so that nothing is lost.
 */
export function* readOperations(content: Buffer): Generator<Operation> {
  let operands: string[] = []
  let start = -1
  let at = 0
  const take = (operand: string, from: number): void => {
    if (start < 0) start = from
    operands.push(operand)
    if (operands.length > maxOperands) operands.shift()
  }
  while (at < content.length) {
    const byte = content[at] ?? 0
    const from = at
    if (isSpace(byte)) at += 1
    else if (byte === percent) at = lineEnd(content, at)
    else if (byte === open) {
      at = stringEnd(content, at)
      take('()', from)
    } else if (byte === less && content[at + 1] !== less) {
      const end = content.indexOf('>', at)
      at = end < 0 ? content.length : end + 1
      take('()', from)
    } else if (byte === slash || isRegular(byte)) {
      at = wordEnd(content, at + 1)
      const word = content.toString('latin1', from, Math.min(at, from + 128))
      if (byte === slash || !isOperator(word)) {
        take(word, from)
        continue
      }
      if (word === 'BI') at = inlineImageEnd(content, at)
      yield { name: word, operands, start: start < 0 ? from : start, end: at }
      operands = []
      start = -1
    } else {
      if (start < 0) start = from
      at += byte === greater || byte === less ? 2 : 1
    }
  }
}

const isOperator = (word: string): boolean =>
  /^[A-Za-z'"][A-Za-z0-9*]*$/.test(word) &&
  word.length <= maxName &&
  word !== 'true' &&
  word !== 'null'

function wordEnd(content: Buffer, start: number): number {
  let at = start
  while (at < content.length && isRegular(content[at] ?? 0)) at += 1
  return at
}

function lineEnd(content: Buffer, start: number): number {
  let at = start
  while (at < content.length && content[at] !== 10 && content[at] !== 13) at += 1
  return at
}

/** Parentheses nest; a backslash protects the next byte. */
function stringEnd(content: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < content.length; at += 1) {
    const byte = content[at]
    if (byte === backslash) at += 1
    else if (byte === open) depth += 1
    else if (byte === close) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return content.length
}

/** The data of an inline image end at `EI` between white space. */
function inlineImageEnd(content: Buffer, start: number): number {
  const data = content.indexOf('ID', start)
  if (data < 0) return content.length
  for (let at = content.indexOf('EI', data + 3); at >= 0; at = content.indexOf('EI', at + 1)) {
    const after = content[at + 2]
    const isEnd = isSpace(content[at - 1] ?? 0) && (after === undefined || isSpace(after))
    if (isEnd) return at + 2
  }
  return content.length
}
