import { join } from 'node:path'
import { ScriptoriumError } from '../../shared/errors.ts'
import { takeLock } from '../../shared/file-lock.ts'
import { requireWritable } from '../../shared/folder-access.ts'

/**
 * Makes the ledger's folder this process's own until it is released; whoever loses hold of the release loses the folder.
 * Throws `configuration` where it cannot be written or another has it.
 */
export function takeFolder(folder: string): () => void {
  requireWritable('SCRIPTORIUM_DATA', folder)
  const lock = takeLock(join(folder, 'aggregator.lock'))
  if ('release' in lock) return lock.release
  const { holder } = lock
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  const message = `${folder} is in use by ${who}; one aggregator writes a ledger`
  throw new ScriptoriumError('configuration', message)
}
