import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { hash } from 'node:crypto'
import { ScriptoriumError, systemCode } from '../../../shared/process/errors.ts'
import { openBelow, type Below } from '../../../shared/files/open-below.ts'
import { statKey } from '../../../shared/files/stat-key.ts'

/** A file's bytes at one moment, and their SHA-256 (hex). */
interface Source {
  bytes: Buffer
  sha256: string
}

/** Location of a document, and its stat when it was planned. */
export interface SourceRequest extends Below {
  /** Absent for an upload, which its hash identifies. */
  stat?: string | undefined
  maxBytes: number
}

/**
 * Reads a planned file. Throws a `ScriptoriumError` whose message follows the file's name: `not_found`,
 * `permission_denied`, `path_outside_root`, `not_a_file`, `empty_file`, `too_large`, or `unstable` where the file has
 * changed since planning.
 */
export async function readSource(request: SourceRequest): Promise<Source> {
  return withFile(request, async (handle) => {
    const size = check(request, await handle.stat({ bigint: true }))
    const bytes = await readWhole(handle, size)
    check(request, await handle.stat({ bigint: true }))
    return { bytes, sha256: hash('sha256', bytes) }
  })
}

/** Throws the errors of `readSource` where the file has changed since planning; reads nothing. */
export async function checkSource(request: SourceRequest): Promise<void> {
  await withFile(request, async (handle) => check(request, await handle.stat({ bigint: true })))
}

async function withFile<T>(
  request: SourceRequest,
  work: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await openBelow(request).catch((thrown: unknown) => refuse(thrown))
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}

/** One read of the known size: `readFile` would stat again and read piece by piece. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled)
    if (bytesRead === 0) break // The file shrank; the stat that follows reports it.
    filled += bytesRead
  }
  return bytes
}

/** Returns the file's size in bytes if the file is unchanged and within the limits. */
function check({ stat, maxBytes }: SourceRequest, now: BigIntStats): number {
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
