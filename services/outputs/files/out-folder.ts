import { fsync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ScriptoriumError, systemCode } from '../../../shared/process/errors.ts'
import { makeFolders } from '../../../shared/files/folder-access.ts'
import { openFolderBelow, type OpenFolder } from '../../../shared/files/open-below.ts'
import { UnsafePath } from '../../../shared/files/private-files.ts'

const syncNow = promisify(fsync)

/** Folders that stay open until they are synced; beyond this number only the paths are kept. */
const maxOpen = 32

/**
 * The folders of an output folder. The output folder itself may be a link, as its user chose, and is resolved once.
 * Anybody who can write in it could put a link below, which would send our files anywhere: no such link is followed.
 * `name` is relative to it.
 */
export function createOutFolder(out: string) {
  makeFolders(out)
  const root = realpathSync(out)
  let changed = new Map<string, OpenFolder | undefined>()

  const open = (path: string): OpenFolder => {
    try {
      return openFolderBelow({ root, path, follow: false }, true)
    } catch (thrown) {
      if (thrown instanceof ScriptoriumError) throw findLink(root, path) ?? thrown
      throw thrown
    }
  }

  /** Makes it and its parents where they are missing. */
  const openOrMake = (path: string): OpenFolder => {
    try {
      return open(path)
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT' || path === '') throw thrown
    }
    const parent = openOrMake(parentOf(path))
    try {
      mkdirSync(parent.entry(basename(path)))
    } catch (thrown) {
      if (systemCode(thrown) !== 'EEXIST') throw thrown
    } finally {
      parent.close()
    }
    return open(path)
  }

  return {
    root,
    /**
     * Returns a path through which a system call reaches a file, in a folder that is made if it is missing. Use it at
     * once: it is valid until the next call of `sync`, which syncs its folder. Throws `UnsafePath`, or the system's
     * error.
     */
    toWrite(name: string): string {
      const path = parentOf(name)
      let folder = changed.get(path)
      if (folder === undefined) {
        folder = openOrMake(path)
        if (changed.size >= maxOpen) closeOldest(changed)
        changed.set(path, folder)
      }
      return folder.entry(basename(name))
    },
    /** Opens an existing folder; the caller closes it. Throws `UnsafePath`, or the system's error. */
    open,
    /**
     * Runs work on an existing file through such a path; returns undefined where its folder does not exist, or is no
     * folder.
     */
    at<T>(name: string, work: (path: string) => T): T | undefined {
      let folder: OpenFolder
      try {
        folder = open(parentOf(name))
      } catch (thrown) {
        if (['ENOENT', 'ENOTDIR'].includes(systemCode(thrown) ?? '')) return undefined
        throw thrown
      }
      try {
        return work(folder.entry(basename(name)))
      } finally {
        folder.close()
      }
    },
    /** Makes renames in its folders since the last call durable. */
    async sync(): Promise<void> {
      const those = changed
      changed = new Map()
      try {
        for (const [path, held] of those) {
          const folder = held ?? open(path)
          those.set(path, folder)
          await syncNow(folder.descriptor)
          folder.close()
          those.delete(path)
        }
      } finally {
        for (const [path, folder] of those) {
          folder?.close()
          // The next call retries folders that could not be synced.
          if (!changed.has(path)) changed.set(path, undefined)
        }
      }
    },
  }
}

export type OutFolder = ReturnType<typeof createOutFolder>

function parentOf(name: string): string {
  const parent = dirname(name)
  return parent === '.' ? '' : parent
}

function closeOldest(folders: Map<string, OpenFolder | undefined>): void {
  for (const [path, folder] of folders) {
    if (folder === undefined) continue
    folder.close()
    folders.set(path, undefined)
    return
  }
}

/** The first link in the path. */
function findLink(root: string, path: string): UnsafePath | undefined {
  let at = root
  for (const name of path.split('/')) {
    at = join(at, name)
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      return new UnsafePath(at, 'is a symbolic link')
  }
  return undefined
}
