import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ScriptoriumError } from '../process/errors.ts'
import { isWithin } from './is-within.ts'

/** A file or a folder below a root. */
export interface Below {
  /** Absolute, without symbolic links. */
  root: string
  /** Relative to the root; empty for the root itself. */
  path: string
  /** Whether to follow symbolic links that stay inside the root. */
  follow: boolean
}

/** The real path of an open file, and where the system has `/proc`, a name for it that no rename changes. */
interface Located {
  real: string
  /** Names below it are looked up in the open folder, wherever that has been moved. */
  name: string
}

/** O_NONBLOCK: opening a FIFO would wait for its writer for ever. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const hasProc = existsSync('/proc/self/fd')
/**
 * Linux's O_PATH: only locates the file, so it needs no read permission and wakes no device. Node does not define it.
 */
const pathOnly = hasProc ? 0o10000000 : constants.O_RDONLY | constants.O_NONBLOCK
/** macOS: rejects a symbolic link anywhere in the path. Node does not define it. */
const noFollowAny = process.platform === 'darwin' ? 0x20000000 : 0
/** Gives up after this many attempts on a file that is replaced again and again. */
const maxLooks = 8

/**
 * Opens a file for reading. A path does not determine which file is opened: another process can swap a folder on the
 * way for a link between any two calls. So the file is opened first, then the kernel gives the location of that very
 * file, and only a checked file is read. Throws `path_outside_root` with a message that follows the file's name, or the
 * system's error.
 */
export async function openBelow(place: Below): Promise<FileHandle> {
  for (let look = 1; ; look += 1) {
    const handle = await open(targetOf(place), readFlags | noFollowAny)
    try {
      if (locate(handle.fd, place, look) !== undefined) return handle
    } catch (thrown) {
      await handle.close()
      throw thrown
    }
    await handle.close()
  }
}

/** The same, synchronously. The caller closes the descriptor. */
function openBelowNow(place: Below, flags = readFlags): number {
  return openLocated(place, flags).descriptor
}

/** An open folder that was found below its root. */
export interface OpenFolder {
  descriptor: number
  /** Its real path. */
  real: string
  /** A name of one of its entries for a system call; of the folder itself for an empty name. */
  entry: (name: string) => string
  close: () => void
}

/**
 * Opens a folder; lookups of its entries use this very folder. Only a readable one can be synced. Throws the errors of
 * `openBelow`.
 */
export function openFolderBelow(place: Below, isReadable = false): OpenFolder {
  const how = isReadable ? constants.O_RDONLY : pathOnly
  const { descriptor, real, name } = openLocated(place, how | constants.O_DIRECTORY)
  return {
    descriptor,
    real,
    entry: (entry) => (entry === '' ? name : join(name, entry)),
    close: () => closeSync(descriptor),
  }
}

/** The stat of a file or folder; follows links where the place allows it. Throws the errors of `openBelow`. */
export function statBelow(place: Below) {
  const descriptor = openBelowNow(place, pathOnly)
  try {
    return fstatSync(descriptor, { bigint: true })
  } finally {
    closeSync(descriptor)
  }
}

function openLocated(place: Below, flags: number): Located & { descriptor: number } {
  for (let look = 1; ; look += 1) {
    const descriptor = openSync(targetOf(place), flags | noFollowAny)
    try {
      const located = locate(descriptor, place, look)
      if (located !== undefined) return { ...located, descriptor }
    } catch (thrown) {
      closeSync(descriptor)
      throw thrown
    }
    closeSync(descriptor)
  }
}

/** Resolves links to their target: unless a path is swapped, nothing outside is even opened. */
function targetOf(place: Below): string {
  const { root, path, follow } = place
  const file = join(root, path)
  if (!follow) return file
  const real = realpathSync.native(file)
  if (!isWithin(real, root)) throw outside(place)
  return real
}

/** Undefined where the file was replaced while it was opened: the caller must look up its name again. */
function locate(descriptor: number, place: Below, look: number): Located | undefined {
  const { root, path, follow } = place
  const wanted = join(root, path)
  const located = hasProc ? locateByProc(descriptor) : locateByIdentity(descriptor, wanted)
  if (located !== undefined) {
    if (follow ? isWithin(located.real, root) : located.real === wanted) return located
    if (!located.real.endsWith(' (deleted)')) throw outside(place)
  }
  if (look === maxLooks) throw new ScriptoriumError('unstable', 'keeps being replaced')
  return undefined
}

function locateByProc(descriptor: number): Located {
  const name = `/proc/self/fd/${descriptor}`
  return { real: readlinkSync(name), name }
}

/**
 * Without `/proc`: the file at the real path must be the open file. On macOS, opening cannot have followed a link
 * either.
 */
function locateByIdentity(descriptor: number, file: string): Located | undefined {
  const real = realpathSync.native(file)
  const [opened, found] = [
    fstatSync(descriptor, { bigint: true }),
    lstatSync(real, { bigint: true }),
  ]
  return opened.dev === found.dev && opened.ino === found.ino ? { real, name: real } : undefined
}

const outside = ({ follow }: Below): ScriptoriumError =>
  new ScriptoriumError(
    'path_outside_root',
    follow
      ? 'is a symbolic link to a target outside the folder'
      : 'is reached through a symbolic link',
  )
