import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { causeOf } from '../../../shared/process/causes.ts'
import type { ApiConfig } from '../../../shared/process/config.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { requireReadable } from '../../../shared/files/folder-access.ts'
import { statBelow, type Below } from '../../../shared/files/open-below.ts'

/** A folder that runs may read, known to clients by its name only. */
export interface Root {
  name: string
  folder: string
}

/** A place below a root, as the host has it. `input` is '' for the whole folder. */
interface Place {
  folder: string
  input: string
  /** Below the root, `/` between folders. */
  path: string
}

/** Parses `name=/folder`. Throws `configuration` where the folder is missing. */
export function parseRoot(text: string): Root {
  const [, name, folder] = /^([A-Za-z0-9._-]{1,100})=(\/.*)$/.exec(text) ?? []
  if (name === undefined || folder === undefined) {
    const message = `SCRIPTORIUM_ROOTS: ${JSON.stringify(text)} must match name=/folder`
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
 * Resolves a client's path. Throws `unknown_root`, `invalid_request` for an invalid path, `path_outside_root`, or
 * `not_found`; no message contains a path of the host.
 */
export function findPlace(roots: readonly Root[], name: string, path: string): Place {
  const root = roots.find((known) => known.name === name)
  if (root === undefined) {
    const names = roots.map((known) => known.name).join(', ') || 'none'
    throw new ScriptoriumError(
      'unknown_root',
      `unknown root ${JSON.stringify(name)}; known roots: ${names}`,
    )
  }
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (path.startsWith('/') || /[\0\\]/.test(path) || segments.includes('..')) {
    const message = 'path must be relative to its root, without .., backslashes or NUL'
    throw new ScriptoriumError('invalid_request', message)
  }
  const below = segments.join('/')
  const real = join(root.folder, below)
  if (isFolder({ root: root.folder, path: below, follow: false }, path))
    return { folder: real, input: '', path: below }
  return { folder: dirname(real), input: basename(real), path: segments.slice(0, -1).join('/') }
}

/**
 * Whether a place is a folder. Throws `not_found` also for an unreadable one, one below a file, in a circle of links,
 * or too long.
 */
function isFolder(place: Below, named: string): boolean {
  try {
    return statBelow(place).isDirectory()
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError)
      throw new ScriptoriumError(thrown.code, `${named} ${thrown.message}`, { cause: thrown })
    // A failing disk, or a system without file handles, is no evidence that a file is missing.
    throw (
      causeOf(thrown) ??
      new ScriptoriumError('not_found', `${named} does not exist`, { cause: thrown })
    )
  }
}

/** The output folder of a folder run: one for each root and path, so that a second run of it resumes. */
export function findOutput(config: ApiConfig, rootName: string, path: string): string {
  const base = config.SCRIPTORIUM_OUTPUT ?? join(config.SCRIPTORIUM_DATA, 'output')
  return join(resolve(base), rootName, path)
}
