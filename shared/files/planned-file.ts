import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ScriptoriumError, systemCode } from '../process/errors.ts'
import { openBelow, type Below } from './open-below.ts'
import { statKey } from './stat-key.ts'

/** Location of a document, and its stat when it was planned. */
export interface PlannedFile extends Below {
  /** Absent for an upload, which its hash identifies. */
  stat?: string | undefined
  maxBytes: number
}

/** A planned file that is open for reading. */
export interface OpenPlanned {
  handle: FileHandle
  /** Bytes. */
  size: number
  /** Throws the errors of `openPlanned` where it is no longer the planned file. */
  check: () => Promise<void>
}

/**
 * Opens a planned file. Throws a `ScriptoriumError` whose message follows the file's name: `not_found`,
 * `permission_denied`, `path_outside_root`, `not_a_file`, `empty_file`, `too_large`, or `unstable` where the file has
 * changed since planning.
 */
export async function openPlanned(file: PlannedFile): Promise<OpenPlanned> {
  const handle = await openBelow(file).catch((thrown: unknown) => refuse(thrown))
  try {
    const look = async (): Promise<number> => sizeOf(file, await handle.stat({ bigint: true }))
    return { handle, size: await look(), check: async () => void (await look()) }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

/** Returns the file's size in bytes if the file is unchanged and within the limits. */
function sizeOf({ stat, maxBytes }: PlannedFile, now: BigIntStats): number {
  if (!now.isFile()) throw new ScriptoriumError('not_a_file', 'is not a regular file')
  if (stat !== undefined && statKey(now) !== stat) {
    const message = 'changed after planning; the next run reads it'
    throw new ScriptoriumError('unstable', message)
  }
  if (now.size === 0n) throw new ScriptoriumError('empty_file', 'has 0 bytes')
  if (now.size > maxBytes) {
    const limit = `SCRIPTORIUM_MAX_FILE_BYTES=${maxBytes}`
    throw new ScriptoriumError('too_large', `has ${now.size} bytes, more than ${limit}`)
  }
  return Number(now.size)
}

function refuse(thrown: unknown): never {
  switch (systemCode(thrown)) {
    case 'ENOENT':
    case 'ENOTDIR':
      throw new ScriptoriumError('not_found', 'no longer exists')
    case 'EACCES':
    case 'EPERM':
      throw new ScriptoriumError(
        'permission_denied',
        'is not readable by this user; grant read permission',
      )
    case 'ELOOP':
      throw new ScriptoriumError('path_outside_root', 'is a symbolic link')
    case 'ENXIO':
      throw new ScriptoriumError('not_a_file', 'is a socket or a device')
    default:
      throw thrown
  }
}
