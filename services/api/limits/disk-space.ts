import { statfs } from 'node:fs/promises'
import { ScriptoriumError, systemCode } from '../../../shared/process/errors.ts'

/** Throws `disk_full` where a folder's disk has less than this free. */
export async function requireSpace(folder: string, minFreeBytes: number): Promise<void> {
  if ((await freeBytes(folder)) < minFreeBytes) throw diskFull()
}

/** Free bytes of a folder's disk, as far as we may use them. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The same error, or `disk_full` if the system reported a full disk or quota. */
export function orDiskFull(thrown: unknown): unknown {
  const code = systemCode(thrown)
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull({ cause: thrown }) : thrown
}

const diskFull = (options?: ErrorOptions): ScriptoriumError =>
  new ScriptoriumError(
    'disk_full',
    'the disk of the spool is full; free space on the disk of SCRIPTORIUM_DATA',
    options,
  )
