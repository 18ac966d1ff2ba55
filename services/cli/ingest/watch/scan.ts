import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { junk } from '../../../../shared/files/junk.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import { systemCode, toError } from '../../../../shared/process/errors.ts'

/** A file of the watched folder; its path is relative, `key` changes with its content. */
export interface SeenFile {
  path: string
  key: string
}

export interface Scan {
  files: SeenFile[]
  /** All folders, the watched one as ''. */
  folders: string[]
  /** Why parts could not be looked at; the files of these parts may still be there. */
  problems: string[]
}

interface Options {
  includeHidden: boolean
  isWanted: (path: string) => boolean
}

/** Everything below a folder that a run would read. Throws where the folder itself cannot be listed. */
export function scanFolder(root: string, options: Options): Scan {
  const scan: Scan = { files: [], folders: [], problems: [] }
  const open = ['']
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    try {
      list(root, folder, options, { scan, open })
    } catch (thrown) {
      if (folder === '') throw thrown
      if (systemCode(thrown) !== 'ENOENT')
        scan.problems.push(`${folder}: ${toError(thrown).message}`)
    }
  }
  return scan
}

function list(
  root: string,
  folder: string,
  { includeHidden, isWanted }: Options,
  { scan, open }: { scan: Scan; open: string[] },
): void {
  const names = readdirSync(join(root, folder), { encoding: 'buffer' })
  scan.folders.push(folder)
  for (const raw of names) {
    const name = raw.toString()
    if (junk.test(name) || (name.startsWith('.') && !includeHidden)) continue
    const path = folder === '' ? name : `${folder}/${name}`
    if (!Buffer.from(name).equals(raw)) {
      scan.problems.push(
        `${path}: has a name that is not UTF-8; rename it (convmv -f latin1 -t utf8)`,
      )
      continue
    }
    const found = lstatSync(join(root, path), { bigint: true, throwIfNoEntry: false })
    if (found?.isDirectory() === true) open.push(path)
    else if (found?.isFile() === true && isWanted(path)) {
      scan.files.push({ path, key: statKey(found) })
    }
  }
}
