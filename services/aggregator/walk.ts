import { lstatSync, readdirSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { systemCode, toError, type ErrorCode } from '../../shared/errors.ts'
import { isWithin } from '../../shared/is-within.ts'
import { statKey } from '../../shared/stat-key.ts'

/** What the walk came upon: a file to look at, or why it cannot be one. Paths are relative to the root. */
export type Found = { path: string } & (
  | { stat: string; changedMsAgo: number }
  | { problem: { code: ErrorCode; message: string } }
)

export interface WalkOptions {
  root: string
  includeHidden: boolean
  follow: boolean
  /** Whether include and exclude globs let a file pass. */
  isWanted: (path: string) => boolean
}

const namedLink = 'is a symbolic link; --follow reads what it points to'

/** What systems and tools leave lying about: never a page. */
const junk =
  /^(\.DS_Store|\._.*|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r|~\$.*|@eaDir|#recycle|\$RECYCLE\.BIN|System Volume Information|__MACOSX|\.Trash.*|\.Spotlight-V100|\.fseventsd|lost\+found)$/i

/**
 * Walks the inputs in a fixed order (names by code unit), one entry at a time, opening no file.
 * It stats synchronously: a hundred thousand files take a second that way and three through the thread pool;
 * the caller lets the event loop turn between batches.
 */
export function* walk(inputs: Iterable<string>, options: WalkOptions): Generator<Found> {
  const named = new Set(inputs)
  for (const input of named) {
    // An input was named, so it is taken whatever it is called.
    yield* visit(input, { ...options, named }, [])
  }
}

interface Walking extends WalkOptions {
  /** Inputs of their own: not taken again where they lie inside another, or a run would wait for them twice. */
  named: ReadonlySet<string>
}

function* visit(path: string, options: Walking, above: readonly string[]): Generator<Found> {
  const file = join(options.root, path)
  let found: BigIntStats
  try {
    found = lstatSync(file, { bigint: true })
    if (found.isSymbolicLink()) {
      if (!options.follow) {
        // Passed over where the walk meets it; but what was named is not passed over without a word.
        if (options.named.has(path)) yield problem(path, 'not_a_file', namedLink)
        return
      }
      const outside = leavesRoot(file, options.root)
      if (outside !== undefined) return yield problem(path, 'path_outside_root', outside)
      found = statSync(file, { bigint: true })
    }
  } catch (thrown) {
    return yield unreadable(path, thrown)
  }
  if (found.isDirectory()) return yield* list(path, options, above)
  if (!options.isWanted(path)) return
  if (!found.isFile()) return yield problem(path, 'not_a_file', `is ${kindOf(found)}, not a file`)
  yield { path, stat: statKey(found), changedMsAgo: Date.now() - Number(found.mtimeMs) }
}

function* list(path: string, options: Walking, above: readonly string[]): Generator<Found> {
  const folder = join(options.root, path)
  let names: Buffer[]
  try {
    if (options.follow) {
      const real = realpathSync(folder)
      if (above.includes(real)) return // A link back up: everything below was seen on the way here.
      above = [...above, real]
    }
    names = readdirSync(folder, { encoding: 'buffer' })
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

/** A name as a shell shows it, `\xE9` for a byte: read as Latin-1 it might be the name of another file. */
function escapeBytes(name: Buffer): string {
  return name
    .toString('latin1')
    .replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

function leavesRoot(file: string, root: string): string | undefined {
  const real = realpathSync(file)
  return isWithin(real, root) ? undefined : 'is a symbolic link that leads out of the folder'
}

const problem = (path: string, code: ErrorCode, message: string): Found => ({
  path,
  problem: { code, message },
})

function unreadable(path: string, thrown: unknown): Found {
  switch (systemCode(thrown)) {
    case 'ENOENT':
      return problem(path, 'not_found', 'is not there')
    case 'EACCES':
    case 'EPERM':
      return problem(
        path,
        'permission_denied',
        'may not be read by this user; give it read permission',
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
