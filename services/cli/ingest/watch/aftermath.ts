import { constants, copyFileSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { makeFolders } from '../../../../shared/files/folder-access.ts'
import { statKey } from '../../../../shared/files/stat-key.ts'
import { systemCode } from '../../../../shared/process/errors.ts'
import type { SeenFile } from './scan.ts'

interface Folders {
  /** The watched one. */
  root: string
  /** Read files go here; undefined leaves them. */
  done: string | undefined
  /** Reasons go here, and failed files where read ones are moved. */
  failed: string
}

interface Reason {
  code: string
  message: string
}

const reasonEnd = '.reason.txt'

/** Moves files after their reading, and writes down why one failed. Nothing is overwritten or deleted. */
export function createAftermath({ root, done, failed }: Folders) {
  const reasonOf = (path: string): string => join(failed, `${path}${reasonEnd}`)

  /** Not if it has changed since it was read: it is read again. */
  const move = ({ path, key }: SeenFile, folder: string): void => {
    const from = join(root, path)
    const found = lstatSync(from, { bigint: true, throwIfNoEntry: false })
    if (found === undefined || statKey(found) !== key) return
    const to = freeName(join(folder, path))
    makeFolders(dirname(to))
    moveFile(from, to)
  }

  return {
    succeeded(file: SeenFile): void {
      rmSync(reasonOf(file.path), { force: true })
      if (done !== undefined) move(file, done)
    },
    /** The last attempt has failed. */
    failed(file: SeenFile, { code, message }: Reason, attempts: number): void {
      const reason = reasonOf(file.path)
      makeFolders(dirname(reason))
      const text = `${file.path}: ${code}: ${message}\n\nAttempts: ${attempts}. Last: ${new Date().toISOString()}\nA changed or renamed file is read again.\n`
      writeFileSync(`${reason}.new`, text)
      renameSync(`${reason}.new`, reason)
      if (done !== undefined) move(file, failed)
    },
  }
}

function freeName(wanted: string): string {
  const end = extname(wanted)
  const stem = wanted.slice(0, wanted.length - end.length)
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${stem} (${number})${end}`
    if (lstatSync(name, { throwIfNoEntry: false }) === undefined) return name
  }
}

/** Also to another disk: the copy is complete before the original goes. */
function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (thrown) {
    if (systemCode(thrown) !== 'EXDEV') throw thrown
    copyFileSync(from, `${to}.part`, constants.COPYFILE_EXCL)
    renameSync(`${to}.part`, to)
    rmSync(from)
  }
}
