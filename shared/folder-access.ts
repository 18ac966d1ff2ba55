import { accessSync, constants, mkdirSync } from 'node:fs'
import { ScriptoriumError, systemCode, toError, type ErrorCode } from './errors.ts'

/** Makes a folder where there is none. Throws where it cannot be written; `name` is the setting that names it. */
export function requireWritable(
  name: string,
  folder: string,
  code: ErrorCode = 'configuration',
): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (thrown) {
    throw new ScriptoriumError(code, `${name}: ${folder} ${why(thrown, 'written')}`, {
      cause: thrown,
    })
  }
}

/** Throws where what is in a folder cannot be read. */
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
  return `may not be ${verb} by ${user}; give them the right, or run as its owner (containers: SCRIPTORIUM_USER)`
}
