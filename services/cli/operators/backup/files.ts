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

/** Ways in which a file system says that it has no hard link for us. */
const noLink = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Takes what the spool holds by now into `target`. Its files are never changed, so on one disk a hard link is a copy.
 * Tickets first: an upload that was answered had its files in place before, so the files of every ticket that counts are
 * taken too. What goes away meanwhile is not needed any more.
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
