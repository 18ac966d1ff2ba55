import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { systemCode } from '../../../shared/process/errors.ts'
import { ledgerFile } from '../ledger.ts'

/** Folder inside a ledger's folder that holds a complete, checked restore. */
export const restoredFolder = (folder: string): string => join(folder, 'restoring')

/** File in it with the name of the folder for the previous content; renamed once the content has been moved there. */
export const asideFile = (restored: string): string => join(restored, 'aside')
const doneFile = (restored: string): string => join(restored, 'aside-done')

/**
 * Replaces the present ledger and spool by the restored ones, and keeps the old ones. Each step is a rename, so an
 * interrupted restore continues from any step. Returns the folder with the old content; undefined without a restore.
 */
export function finishRestore(folder: string): string | undefined {
  const restored = restoredFolder(folder)
  if (!existsSync(restored)) return undefined
  const ledger = basename(ledgerFile(folder))
  if (existsSync(asideFile(restored))) {
    const aside = join(folder, readFileSync(asideFile(restored), 'utf8'))
    mkdirSync(aside, { recursive: true, mode: 0o700 })
    for (const name of [
      'spool',
      ledger,
      ...['-wal', '-shm', '-journal'].map((end) => ledger + end),
    ]) {
      moveIfThere(join(folder, name), join(aside, name))
    }
    syncFolder(folder)
    renameSync(asideFile(restored), doneFile(restored))
    syncFolder(restored)
  }
  const aside = existsSync(doneFile(restored))
    ? join(folder, readFileSync(doneFile(restored), 'utf8'))
    : undefined
  for (const name of ['spool', ledger]) moveIfThere(join(restored, name), join(folder, name))
  syncFolder(folder)
  rmSync(restored, { recursive: true })
  return aside === undefined ? undefined : keepUnlessEmpty(aside)
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to)
}

function keepUnlessEmpty(folder: string): string | undefined {
  try {
    rmdirSync(folder)
    return undefined
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOTEMPTY' || systemCode(thrown) === 'EEXIST') return folder
    throw thrown
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
