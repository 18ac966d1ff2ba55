import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScriptoriumError, systemCode } from '../process/errors.ts'
import { makeFolders, requireWritable } from './folder-access.ts'
import type { Logger } from '../process/logger.ts'

const fileMode = 0o600
/** Permissions of our folders. */
export const folderMode = 0o700
/** Permissions of the group and of others. */
const others = 0o077
/** O_NONBLOCK: opening a FIFO for writing would wait for its reader for ever. */
const safely = constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Our own entries of a folder. A user's files may be there, too: output below SCRIPTORIUM_DATA. */
const ours =
  /^(\.scriptorium$|ledger\.sqlite|run\.lock|aggregator\.lock|scriptorium\.log|redis|spool|tmp|restoring|before-restore-)/

/** A foreign file is at a path that we write. */
export class UnsafePath extends ScriptoriumError {
  constructor(path: string, what: string) {
    const cure = 'remove it, or put a real file or folder there'
    super('configuration', `${path} ${what}; nothing is written through it: ${cure}`)
  }
}

/** Entries of a private folder that were open to other users. */
interface Tightened {
  /** Whether their permissions were removed. */
  isTightened: boolean
  /** Whether others still have them: another user owns the entry, or its file system has no permissions. */
  isOpen: boolean
}

/**
 * Makes a folder that only this user may access, or removes the permissions of others from an existing one. A link, a
 * device or a file with a second name may belong to another user: none of our files is kept in one. Only a folder whose
 * name we have not chosen, SCRIPTORIUM_DATA, may be a link. Throws `UnsafePath`.
 */
export function takePrivateFolder(
  given: string,
  mayBeLink = !ours.test(basename(given)),
): Tightened {
  makeFolders(dirname(given))
  makeOne(given)
  const folder = mayBeLink ? realpathSync(given) : given
  const found = lstatSync(folder)
  if (found.isSymbolicLink()) throw unsafe(folder, 'is a symbolic link')
  if (!found.isDirectory()) throw unsafe(folder, 'is not a folder')
  const isLoose = (found.mode & others) !== 0
  const isTightened = isLoose && close(() => chmodSync(folder, folderMode))
  for (const name of readdirSync(folder)) if (ours.test(name)) check(join(folder, name), isLoose)
  return { isTightened, isOpen: isLoose && !isTightened }
}

/** Takes SCRIPTORIUM_DATA as a private folder, and logs where others had access. Throws `configuration`. */
export function closeToOthers(folder: string, log: Pick<Logger, 'warn'>): void {
  requireWritable('SCRIPTORIUM_DATA', folder, 'configuration', folderMode)
  const { isTightened, isOpen } = takePrivateFolder(folder)
  if (isTightened)
    log.warn({ folder }, 'other users could read the data folder, permissions tightened')
  if (isOpen)
    log.warn({ folder }, 'other users can read the data folder, only its owner can change that')
}

/** The message for users. */
export const closedNow = (folder: string): string =>
  `closed ${folder} to other users, who could read it`

/** A checked folder is closed to others, so it cannot have changed since. */
function check(path: string, isDeep: boolean, isTop = true): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return // SQLite and Redis delete files of their own.
  if (found.isSymbolicLink()) throw unsafe(path, 'is a symbolic link')
  if (!found.isDirectory() && !found.isFile()) throw unsafe(path, 'is neither file nor folder')
  // Each backup holds a second name of spool files.
  if (isTop && found.isFile() && found.nlink > 1)
    throw unsafe(path, 'has a second name (a hard link)')
  if ((found.mode & others) !== 0)
    close(() => chmodSync(path, found.isDirectory() ? folderMode : fileMode))
  if (found.isDirectory() && isDeep)
    for (const name of readdirSync(path)) check(join(path, name), true, false)
}

/**
 * Opens one of our files, which only this user may access, and makes it if it is missing; `flags` give the access mode.
 * Throws `UnsafePath` for a link, a file with a second name or any other entry: the data would be written elsewhere.
 */
export function openPrivateFile(file: string, flags: number): number {
  const descriptor = openSafely(file, flags | constants.O_CREAT)
  try {
    const found = fstatSync(descriptor)
    if (!found.isFile()) throw unsafe(file, 'is not a file')
    if (found.nlink > 1) throw unsafe(file, 'has a second name (a hard link)')
    if ((found.mode & others) !== 0) close(() => fchmodSync(descriptor, fileMode))
    return descriptor
  } catch (thrown) {
    closeSync(descriptor)
    throw thrown
  }
}

/** Replaces the content of a small file of ours. Throws the errors of `openPrivateFile`. */
export function writePrivateFile(file: string, text: string): void {
  const descriptor = openPrivateFile(file, constants.O_WRONLY)
  try {
    // Not O_TRUNC: it would empty another user's file before the check.
    ftruncateSync(descriptor)
    writeSync(descriptor, text)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes one of our files if it is missing, or checks the existing one, for a library that opens it by name. */
export function preparePrivateFile(file: string): void {
  closeSync(openPrivateFile(file, constants.O_RDWR))
}

function openSafely(file: string, flags: number): number {
  try {
    return openSync(file, flags | safely, fileMode)
  } catch (thrown) {
    if (systemCode(thrown) === 'ELOOP') throw unsafe(file, 'is a symbolic link')
    if (systemCode(thrown) === 'ENXIO') throw unsafe(file, 'is not a file')
    throw thrown
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: folderMode })
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown
  }
}

/** False where another user owns it, or the file system knows no permissions. */
function close(change: () => void): boolean {
  try {
    change()
    return true
  } catch (thrown) {
    if (['EPERM', 'ENOTSUP', 'EROFS'].includes(systemCode(thrown) ?? '')) return false
    throw thrown
  }
}

const unsafe = (path: string, what: string): UnsafePath => new UnsafePath(path, what)

/** Writes the present time into a file, seconds since 1970; does nothing without a file. */
export function touchBeatFile(file: string | undefined): void {
  if (file !== undefined) writePrivateFile(file, String(Math.floor(Date.now() / 1_000)))
}
