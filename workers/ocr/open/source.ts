import { constants, type BigIntStats } from 'node:fs'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { ScriptoriumError, systemCode } from '../../../shared/errors.ts'
import { isWithin } from '../../../shared/is-within.ts'
import { statKey } from '../../../shared/stat-key.ts'

/** A file's bytes as they were at one moment, and their SHA-256 (hex). */
export interface Source {
  bytes: Buffer
  sha256: string
}

/** Where a document lies and what it looked like when it was planned. */
export interface SourceRequest {
  root: string
  path: string
  /** Whether symbolic links may be gone through, as long as they stay inside the root. */
  follow: boolean
  /** Empty for an upload, which is told by its hash. */
  stat: string
  maxBytes: number
}

/**
 * Reads a planned file. Throws a `ScriptoriumError` whose message goes after the file's name: `not_found`, `permission_denied`,
 * `path_outside_root`, `not_a_file`, `empty_file`, `too_large`, or `unstable` where it is no longer what was planned.
 */
export async function readSource(request: SourceRequest): Promise<Source> {
  return withFile(request, async (handle) => {
    const size = check(request, await handle.stat({ bigint: true }))
    const bytes = await readWhole(handle, size)
    check(request, await handle.stat({ bigint: true }))
    return { bytes, sha256: hash('sha256', bytes) }
  })
}

/** Throws like `readSource` where the file is no longer what was planned; reads nothing. */
export async function checkSource(request: SourceRequest): Promise<void> {
  await withFile(request, async (handle) => check(request, await handle.stat({ bigint: true })))
}

async function withFile<T>(
  { root, path, follow }: SourceRequest,
  work: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const file = join(root, path)
  // Between planning and reading, a folder on the way may have become a link that leads out.
  const real = await realpath(file).catch((thrown: unknown) => refuse(thrown))
  if (follow ? !isWithin(real, root) : real !== file) {
    throw new ScriptoriumError('path_outside_root', 'is reached through a symbolic link')
  }
  // O_NONBLOCK: opening a FIFO would wait for its writer for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(real, flags).catch((thrown: unknown) => refuse(thrown))
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}

/** One read of the known size: `readFile` would stat again and go piece by piece. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled)
    if (bytesRead === 0) break // It shrank; the stat that follows says so.
    filled += bytesRead
  }
  return bytes
}

/** The file's size in bytes, if it is what was planned and may be read. */
function check({ stat, maxBytes }: SourceRequest, now: BigIntStats): number {
  if (!now.isFile()) throw new ScriptoriumError('not_a_file', 'is not a regular file')
  if (stat !== '' && statKey(now) !== stat) {
    const message = 'changed after it was planned; the next run reads it'
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
      throw new ScriptoriumError('not_found', 'is no longer there')
    case 'EACCES':
    case 'EPERM':
      throw new ScriptoriumError(
        'permission_denied',
        'may not be read by this user; give it read permission',
      )
    case 'ELOOP':
      throw new ScriptoriumError('path_outside_root', 'is a symbolic link')
    case 'ENXIO':
      throw new ScriptoriumError('not_a_file', 'is a socket or a device')
    default:
      throw thrown
  }
}
