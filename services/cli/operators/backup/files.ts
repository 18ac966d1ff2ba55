import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { systemCode } from '../../../../shared/process/errors.ts'
import type { Spool } from '../../../../shared/files/spool.ts'

/** Makes a file, or the names in a folder, durable. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Copies a file durably, its folder made where it is missing. */
export function copyDurably(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  sync(to)
}

/** Errors of file systems that cannot make a hard link. */
const noLink = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Copies the present content of the spool into `target`. Its files are never changed, so on one disk a hard link is a
 * copy. Tickets first: the files of an acknowledged upload exist before its ticket, so those of every valid ticket are
 * copied too. Files that vanish meanwhile are no longer needed.
 */
export function takeSpool({ tickets, inputs }: Spool, target: Spool): void {
  for (const [from, to] of [
    [tickets, target.tickets],
    [inputs, target.inputs],
  ] as const) {
    mkdirSync(to, { recursive: true })
    if (!existsSync(from)) continue
    for (const name of readdirSync(from)) take(join(from, name), join(to, name))
    sync(to)
  }
}

function take(from: string, to: string): void {
  if (existsSync(to)) return
  try {
    linkSync(from, to)
  } catch (thrown) {
    const code = systemCode(thrown) ?? ''
    if (code === 'ENOENT') return
    if (!noLink.has(code)) throw thrown
    try {
      copyDurably(from, to)
    } catch (failed) {
      if (systemCode(failed) !== 'ENOENT') throw failed
    }
  }
}
