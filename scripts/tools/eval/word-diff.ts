import { diffArrays } from 'diff'
import { comparableWord } from '../accuracy/text-accuracy.ts'

/** Consecutive words that are equal (as in the text), missing from it, or only in it. */
interface Change {
  kind: 'same' | 'missing' | 'added'
  words: string[]
}

/** Formats a piece of the difference. */
export type Paint = (kind: Change['kind'], text: string) => string

/** Equal words that are shown on each side of a difference. */
const context = 3

/** Compares a text with the ground truth, word by word in order; letters and digits count, case does not. */
export function diffWords(truth: string, text: string): Change[] {
  const changes = diffArrays(wordsOf(truth), wordsOf(text), {
    comparator: (left, right) => left.compared === right.compared,
  })
  return changes.map(({ added, removed, value }) => ({
    kind: added ? 'added' : removed ? 'missing' : 'same',
    words: value.map(({ shown }) => shown),
  }))
}

interface Word {
  shown: string
  compared: string
}

const wordsOf = (text: string): Word[] =>
  text
    .split(/\s+/)
    .map((shown) => ({ shown, compared: comparableWord(shown) }))
    .filter(({ compared }) => compared !== '')

/** Shortens long runs of equal words, so that the differences are beside each other. */
export function shorten(changes: readonly Change[]): Change[] {
  return changes.map(({ kind, words }, index) => {
    const before = index === 0 ? 0 : context
    const after = index === changes.length - 1 ? 0 : context
    const leftOut = words.length - before - after
    if (kind !== 'same' || leftOut <= 1) return { kind, words }
    const gap = `(${leftOut} words)`
    return { kind, words: [...words.slice(0, before), gap, ...words.slice(words.length - after)] }
  })
}

/** `[-missing-]` and `{+added+}`, as in `git diff --word-diff`. */
export const plain: Paint = (kind, text) =>
  kind === 'same' ? text : kind === 'missing' ? `[-${text}-]` : `{+${text}+}`

/** The difference as lines of about `width` characters, not counting colour codes. */
export function formatChanges(changes: readonly Change[], width: number, paint: Paint): string[] {
  const lines: string[] = []
  let [line, length] = ['', 0]
  const end = (): void => {
    if (line !== '') lines.push(line)
    ;[line, length] = ['', 0]
  }
  for (const { kind, words } of changes) {
    for (const row of wrap(words, width, length)) {
      if (row.isNewLine) end()
      const text = row.words.join(' ')
      line += `${line === '' ? '' : ' '}${paint(kind, text)}`
      length += plain(kind, text).length + 1
    }
  }
  end()
  return lines
}

interface Row {
  words: string[]
  isNewLine: boolean
}

/** Breaks words into rows; the first continues after `taken` characters. */
function wrap(words: readonly string[], width: number, taken: number): Row[] {
  const rows: Row[] = [{ words: [], isNewLine: false }]
  let length = taken
  for (const word of words) {
    const row = rows.at(-1)
    if (length > 0 && length + word.length > width) {
      rows.push({ words: [word], isNewLine: true })
      length = word.length + 1
    } else {
      row?.words.push(word)
      length += word.length + 1
    }
  }
  return rows.filter((row) => row.words.length > 0)
}
