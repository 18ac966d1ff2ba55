import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { ScriptoriumError, systemCode, toError } from '../../../shared/process/errors.ts'
import { requireReadable } from '../../../shared/files/folder-access.ts'
import { isWithin } from '../../../shared/files/is-within.ts'
import type { IngestOptions } from './arguments.ts'

/** The inputs of a run: paths below one root. */
export interface Inputs {
  /** Absolute, without symbolic links. */
  root: string
  paths: string[]
  /** Folders among the inputs: the output must not be inside one of them. */
  folders: string[]
}

type Asked = Pick<IngestOptions, 'inputs' | 'base' | 'follow'>

/**
 * Resolves the inputs of the arguments. `readStdin` returns the whole text of standard input, for `-`. Throws
 * `input_unreadable` for a missing argument; missing entries of a list are found later, file by file.
 */
export function resolveInputs({ inputs, base }: Asked, readStdin: () => string): Inputs {
  const named = inputs.filter((input) => !isList(input)).map(resolveNamed)
  const listed = inputs.filter(isList).flatMap((input) => readList(input, readStdin))
  const all = [...named, ...listed.map(withRealParent)]
  const folders = all.filter(isFolder)
  const root = findRoot(all, folders, base)
  const outside = all.find((path) => !isWithin(path, root))
  if (outside !== undefined) {
    throw new ScriptoriumError('bad_arguments', `${outside} is outside --base ${root}`)
  }
  return { root, paths: all.map((path) => relative(root, path)), folders }
}

const isList = (input: string): boolean => input === '-' || input.startsWith('@')

function resolveNamed(input: string): string {
  const path = resolve(input)
  try {
    if (statSync(path).isDirectory()) {
      requireReadable('INPUT', path, 'input_unreadable')
      return realpathSync(path)
    }
    lstatSync(path)
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) throw thrown
    const why = systemCode(thrown) === 'ENOENT' ? 'no such file or folder' : toError(thrown).message
    throw new ScriptoriumError('input_unreadable', `${input} cannot be read: ${why}`, {
      cause: thrown,
    })
  }
  return withRealParent(path)
}

function readList(input: string, readStdin: () => string): string[] {
  let text: string
  try {
    text = input === '-' ? readStdin() : readFileSync(input.slice(1), 'utf8')
  } catch (thrown) {
    const message = `the list ${input} cannot be read: ${toError(thrown).message}`
    throw new ScriptoriumError('input_unreadable', message, { cause: thrown })
  }
  // As `find -print0` writes it, where paths may hold newlines.
  const separator = text.includes('\0') ? '\0' : /\r?\n/
  const lines = text.split(separator)
  const long = lines.findIndex(({ length }) => length > maxPathLength)
  if (long >= 0) {
    const message = `line ${long + 1} of the list ${input} is not a path: it has more than ${maxPathLength} characters`
    throw new ScriptoriumError('input_unreadable', message)
  }
  return lines.filter((line) => line !== '').map((line) => resolve(line))
}

/** No system takes a longer one. */
const maxPathLength = 4_096

/** The folder's links are resolved, the name itself is kept: a link that was named is still seen as one. */
function withRealParent(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path))
  } catch {
    return path // The walk reports a missing file.
  }
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

function findRoot(all: string[], folders: string[], base: string | undefined): string {
  if (base !== undefined) return resolveNamed(base)
  const [first = sep, ...rest] = all.map((path) =>
    folders.includes(path) && all.length === 1 ? path : dirname(path),
  )
  return rest.reduce(commonParent, first)
}

function commonParent(a: string, b: string): string {
  const names = b.split(sep)
  const shared = a.split(sep).findIndex((name, index) => name !== names[index])
  const kept = shared === -1 ? a : a.split(sep).slice(0, shared).join(sep)
  return kept === '' ? sep : kept
}

/** The output folder, absolute and without links. Throws `output_inside_input`. */
export function resolveOut(out: string, { folders }: Inputs): string {
  const path = realOf(resolve(out))
  const inside = folders.find((folder) => isWithin(path, folder))
  if (inside === undefined) return path
  throw new ScriptoriumError(
    'output_inside_input',
    `the output folder ${path} is inside the input folder ${inside}; choose another one with --out`,
  )
}

/** Resolves the existing part of a path and appends the rest. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realOf(dirname(path)), basename(path))
  }
}
