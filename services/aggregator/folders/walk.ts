import { lstatSync, readdirSync, type BigIntStats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  ScriptoriumError,
  systemCode,
  toError,
  type ErrorCode,
} from '../../../shared/process/errors.ts'
import {
  openFolderBelow,
  statBelow,
  type Below,
  type OpenFolder,
} from '../../../shared/files/open-below.ts'
import { junk } from '../../../shared/files/junk.ts'
import { statKey } from '../../../shared/files/stat-key.ts'

/** A file that the walk found, or why it cannot be read. Paths are relative to the root. */
export type Found = { path: string } & (
  | { stat: string; changedMsAgo: number }
  | { problem: { code: ErrorCode; message: string } }
)

/** An entry that was skipped: the caller may yield to the event loop. */
export const passedOver = Symbol('passed over')
export type WalkStep = Found | typeof passedOver

export interface WalkOptions {
  root: string
  includeHidden: boolean
  follow: boolean
  /** Whether include and exclude globs accept a file. */
  isWanted: (path: string) => boolean
  /** Called before each entry is examined; returns a reason to skip it. */
  begin?: (path: string) => string | undefined
}

const namedLink = 'is a symbolic link; --follow reads what it points to'

/**
 * Walks the inputs in a fixed order (names by code unit), one entry at a time, opening no file. It looks names up in
 * folders that were checked to be below the root, so that a folder that is swapped for a link reveals nothing. It stats
 * synchronously: a hundred thousand files take a second that way and three through the thread pool; the caller yields
 * to the event loop between steps.
 */
export function* walk(inputs: Iterable<string>, options: WalkOptions): Generator<WalkStep> {
  const named = new Set(inputs)
  const lookUp = createLookUp(options)
  try {
    for (const input of named) {
      // A user named this input, so it is accepted whatever its name.
      yield* visit(input, { ...options, named, lookUp }, [])
    }
  } finally {
    lookUp.close()
  }
}

interface Walking extends WalkOptions {
  /** Separate inputs: not repeated inside another input, or a run would wait for them twice. */
  named: ReadonlySet<string>
  lookUp: LookUp
}

function* visit(path: string, options: Walking, above: readonly string[]): Generator<WalkStep> {
  const { root, follow, named, lookUp, isWanted } = options
  const poison = options.begin?.(path)
  if (poison !== undefined) return yield problem(path, 'poison', poison)
  let found: BigIntStats
  try {
    found = lstatSync(lookUp.entry(path), { bigint: true })
    if (found.isSymbolicLink()) {
      if (!follow) {
        // Skipped when the walk finds it; but a named input is not skipped silently.
        if (named.has(path)) yield problem(path, 'not_a_file', namedLink)
        return
      }
      found = statBelow({ root, path, follow })
    }
  } catch (thrown) {
    return yield unreadable(path, thrown)
  }
  if (found.isDirectory()) return yield* list(path, options, above)
  if (!isWanted(path)) return yield passedOver
  if (!found.isFile()) return yield problem(path, 'not_a_file', `is ${kindOf(found)}, not a file`)
  yield { path, stat: statKey(found), changedMsAgo: Date.now() - Number(found.mtimeMs) }
}

function* list(path: string, options: Walking, above: readonly string[]): Generator<WalkStep> {
  let names: Buffer[]
  try {
    const { real, entry } = options.lookUp.folder(path)
    if (above.includes(real)) return // A link to a parent: everything below was visited on the way here.
    above = [...above, real]
    names = readdirSync(entry(''), { encoding: 'buffer' })
  } catch (thrown) {
    return yield unreadable(path, thrown)
  }
  for (const raw of names.toSorted((a, b) => Buffer.compare(a, b))) {
    const name = raw.toString()
    if (junk.test(name) || (name.startsWith('.') && !options.includeHidden)) continue
    if (!Buffer.from(name).equals(raw)) {
      const message = 'has a name that is not UTF-8; rename it (convmv -f latin1 -t utf8)'
      yield problem(join(path, escapeBytes(raw)), 'path_not_utf8', message)
      continue
    }
    const below = path === '' ? name : `${path}/${name}`
    if (!options.named.has(below)) yield* visit(below, options, above)
  }
}

/** A name as a shell shows it, `\xE9` for a byte: decoded as Latin-1 it might be the name of another file. */
function escapeBytes(name: Buffer): string {
  return name
    .toString('latin1')
    .replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

const problem = (path: string, code: ErrorCode, message: string): Found => ({
  path,
  problem: { code, message },
})

function unreadable(path: string, thrown: unknown): Found {
  if (thrown instanceof ScriptoriumError) return problem(path, thrown.code, thrown.message)
  switch (systemCode(thrown)) {
    case 'ENOENT':
      return problem(path, 'not_found', 'does not exist')
    case 'EACCES':
    case 'EPERM':
      return problem(
        path,
        'permission_denied',
        'is not readable by this user; grant read permission',
      )
    default:
      return problem(path, 'input_unreadable', `cannot be read: ${toError(thrown).message}`)
  }
}

function kindOf(found: BigIntStats): string {
  if (found.isFIFO()) return 'a FIFO'
  if (found.isSocket()) return 'a socket'
  return found.isBlockDevice() || found.isCharacterDevice() ? 'a device' : 'something else'
}

/**
 * Looks up entries of folders below a root. The last folder stays open, as files come folder by folder: a walk holds
 * one descriptor, however deep it is.
 */
function createLookUp({ root, follow }: Omit<Below, 'path'>) {
  let last: { path: string; open: OpenFolder } | undefined

  const folder = (path: string): OpenFolder => {
    if (last?.path === path) return last.open
    last?.open.close()
    last = undefined
    const open = openFolderBelow({ root, path, follow })
    last = { path, open }
    return open
  }

  return {
    /** The open folder, valid until another one is requested. Throws `path_outside_root`, or the system's error. */
    folder,
    /** Returns a path of a file for a system call: within its checked folder. Throws the errors of `folder`. */
    entry(path: string): string {
      if (path === '') return root
      const parent = dirname(path)
      return folder(parent === '.' ? '' : parent).entry(basename(path))
    },
    close: (): void => last?.open.close(),
  }
}

type LookUp = ReturnType<typeof createLookUp>
