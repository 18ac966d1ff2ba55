import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ScriptoriumError, systemCode, toError, type ErrorCode } from '../process/errors.ts'

/**
 * Makes a folder if it is missing. Throws where it is not writable; `name` is the setting that names it, `mode` the
 * permissions of new folders.
 */
export function requireWritable(
  name: string,
  folder: string,
  code: ErrorCode = 'configuration',
  mode?: number,
): void {
  try {
    makeFolders(folder, mode)
    if (!statSync(folder).isDirectory()) throw new Error('it is not a folder')
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw new ScriptoriumError(code, `${name}: ${folder} ${why(thrown, 'written')}`, {
      cause: thrown,
    })
  }
}

/** Node's own `recursive` never returns where the system refuses a folder with ENOENT, as /proc does. */
export function makeFolders(folder: string, mode?: number): void {
  if (existsSync(folder)) return
  makeFolders(dirname(folder), mode)
  try {
    mkdirSync(folder, mode)
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') throw thrown // Another process made it first.
  }
}

/** Throws where a folder's contents are not readable. */
export function requireReadable(name: string, folder: string, code: ErrorCode): void {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
  } catch (thrown) {
    throw new ScriptoriumError(code, `${name}: ${folder} ${why(thrown, 'read')}`, { cause: thrown })
  }
}

function why(thrown: unknown, verb: 'read' | 'written'): string {
  const code = systemCode(thrown)
  if (code === 'EROFS') return 'is on a read-only file system; mount a volume or a folder there'
  if (code !== 'EACCES' && code !== 'EPERM') return `cannot be ${verb}: ${toError(thrown).message}`
  const user = `user ${process.getuid?.()}, group ${process.getgid?.()}`
  return `cannot be ${verb} by ${user}; grant permission, or run as its owner (containers: SCRIPTORIUM_USER)`
}
