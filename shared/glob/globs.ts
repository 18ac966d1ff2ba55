import picomatch from 'picomatch'
import { ScriptoriumError } from '../process/errors.ts'
import { createAutomaton } from './automaton.ts'
import { parseExpression, UnsupportedSyntax } from './expression.ts'

/** Maximum length of one pattern and of a whole list, and maximum number of patterns in a list. */
export const maxGlobLength = 512
const maxGlobsLength = 4_096
export const maxGlobs = 100
/** Maximum number of states of a list, and so of steps per matched character. `*.png` takes 30. */
const maxStates = 10_000

/** Whether a path, relative and with `/` between folders, matches any of the patterns. */
type Globs = (path: string) => boolean

/** A rejected pattern: its index in the list, and the reason; the reason follows the pattern. */
export class GlobFault extends ScriptoriumError {
  readonly index: number
  readonly reason: string

  constructor(index: number, glob: string, reason: string) {
    super('invalid_pattern', `the pattern ${JSON.stringify(glob.slice(0, shown))} ${reason}`)
    this.index = index
    this.reason = reason
  }
}
const shown = 100

/**
 * Compiles the patterns of `--include` or `--exclude`: `*.png` means every PNG below, `a/*.png` those in `a`; case is
 * ignored. picomatch translates them to a regular expression that never runs: a backtracking matcher needs for ever to
 * see that `{*,*}{*,*}{*,*}0` does not match; RE2 has no lookahead, which picomatch writes. Throws `GlobFault`.
 */
export function compileGlobs(globs: readonly string[]): Globs {
  if (globs.length > maxGlobs) {
    throw new GlobFault(
      maxGlobs,
      globs[maxGlobs] ?? '',
      `exceeds the maximum of ${maxGlobs} patterns`,
    )
  }
  const left = { states: maxStates, length: maxGlobsLength }
  const matchers = globs.map((glob, index) => {
    try {
      return compileGlob(glob, left)
    } catch (thrown) {
      if (thrown instanceof UnsupportedSyntax) throw new GlobFault(index, glob, thrown.message)
      throw thrown
    }
  })
  return (path) => matchers.some((matches) => matches(path))
}

interface Left {
  states: number
  length: number
}

function compileGlob(glob: string, left: Left): Globs {
  requireSound(glob, left)
  const { source, flags } = picomatch.makeRe(glob, { dot: true, nocase: true })
  const automaton = createAutomaton(parseExpression(source), { flags, maxStates: left.states })
  left.states -= automaton.size
  left.length -= glob.length
  // A pattern without a slash is compared with the file's name only.
  const subjectOf = glob.includes('/') ? (path: string): string => path : nameOf
  return (path) => path === glob || (path !== '' && automaton.test(subjectOf(path)))
}

function requireSound(glob: string, left: Left): void {
  if (glob === '') throw new UnsupportedSyntax('is empty')
  if (glob.length > maxGlobLength) {
    throw new UnsupportedSyntax(`is longer than ${maxGlobLength} characters`)
  }
  if (glob.length > left.length) {
    throw new UnsupportedSyntax(
      `exceeds the maximum of ${maxGlobsLength} characters for all patterns together`,
    )
  }
  // picomatch 4.0.7 skips the end of such a pattern, and parses for ever.
  if (glob.includes('\\'.repeat(4))) throw new UnsupportedSyntax('has four backslashes in a row')
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
