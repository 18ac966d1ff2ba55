import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScriptoriumError } from '../../shared/errors.ts'
import { requireReadable } from '../../shared/folder-access.ts'
import { isWithin } from '../../shared/is-within.ts'

/** A folder that runs may read, known to clients by its name only. */
export interface Root {
  name: string
  folder: string
}

/** A place below a root, as the host has it. `input` is '' for the whole folder. */
export interface Place {
  folder: string
  input: string
  /** Below the root, `/` between folders. */
  path: string
}

/** Parses `name=/folder`. Throws `configuration` where the folder is not there. */
export function parseRoot(text: string): Root {
  const [, name, folder] = /^([A-Za-z0-9._-]{1,100})=(\/.*)$/.exec(text) ?? []
  if (name === undefined || folder === undefined) {
    const message = `SCRIPTORIUM_ROOTS: ${JSON.stringify(text)} is not name=/folder`
    throw new ScriptoriumError('configuration', message)
  }
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const message = `SCRIPTORIUM_ROOTS: ${folder} is not a folder; mount it, or correct the variable`
    throw new ScriptoriumError('configuration', message)
  }
  requireReadable('SCRIPTORIUM_ROOTS', folder, 'configuration')
  return { name, folder: realpathSync(folder) }
}

/**
 * Finds what a client named. Throws `unknown_root`, `invalid_request` for a path that is none, `path_outside_root`,
 * or `not_found`; none tells the host's own path.
 */
export function findPlace(roots: readonly Root[], name: string, path: string): Place {
  const root = roots.find((known) => known.name === name)
  if (root === undefined) {
    const names = roots.map((known) => known.name).join(', ') || 'none'
    throw new ScriptoriumError(
      'unknown_root',
      `there is no root ${JSON.stringify(name)}; known: ${names}`,
    )
  }
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (path.startsWith('/') || /[\0\\]/.test(path) || segments.includes('..')) {
    const message = 'path must be relative to its root, without .., backslashes or NUL'
    throw new ScriptoriumError('invalid_request', message)
  }
  const wanted = join(root.folder, ...segments)
  const real = realOf(wanted)
  if (real === undefined) throw new ScriptoriumError('not_found', `${path} is not there`)
  if (real !== wanted || !isWithin(real, root.folder)) {
    throw new ScriptoriumError('path_outside_root', `${path} is reached through a symbolic link`)
  }
  if (statSync(real).isDirectory()) return { folder: real, input: '', path: segments.join('/') }
  return { folder: dirname(real), input: basename(real), path: segments.slice(0, -1).join('/') }
}

/** Undefined where there is nothing that we could read: also below a file, in a circle of links, or by too long a name. */
function realOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
