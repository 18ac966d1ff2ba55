import { basename, dirname } from 'node:path'
import { openFolderBelow, type Below, type OpenFolder } from '../../../shared/files/open-below.ts'

/**
 * Looks up entries of folders below a root. The last folder stays open, as files come folder by folder: a walk holds
 * one descriptor, however deep it is.
 */
export function createLookUp({ root, follow }: Omit<Below, 'path'>) {
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

export type LookUp = ReturnType<typeof createLookUp>
