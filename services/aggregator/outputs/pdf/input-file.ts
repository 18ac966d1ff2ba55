import { createHash } from 'node:crypto'
import { lstat, open, stat, type FileHandle } from 'node:fs/promises'
import { ScriptoriumError, systemCode, toError } from '../../../../shared/errors.ts'

const chunkBytes = 1_048_576

/**
 * Reads a document's file piece by piece, and fails at its end where it is not what was read then: whoever takes the
 * pieces must not show them before. Throws `input_unreadable` where it is gone, `unstable` where it has changed.
 */
export async function* readInput(file: string, sha256: string | null): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const handle = await openInput(file)
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafeSlow(chunkBytes),
        0,
        chunkBytes,
      )
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      hash.update(chunk)
      yield chunk
    }
  } catch (thrown) {
    throw unreadable(thrown)
  } finally {
    await handle.close()
  }
  if (hash.digest('hex') !== sha256) throw changed()
}

/** The whole of a document's file. Throws as `readInput` does. */
export async function readWholeInput(file: string, sha256: string | null): Promise<Buffer> {
  // One buffer of the right size: gathering pieces would take twice the memory.
  let whole = Buffer.allocUnsafeSlow((await stat(file).catch(() => undefined))?.size ?? 0)
  let bytes = 0
  for await (const chunk of readInput(file, sha256)) {
    if (bytes + chunk.length > whole.length) whole = Buffer.concat([whole], bytes + chunk.length)
    chunk.copy(whole, bytes)
    bytes += chunk.length
  }
  return whole.subarray(0, bytes)
}

async function openInput(file: string): Promise<FileHandle> {
  try {
    // A pipe that stands in its place would be waited for.
    const found = await lstat(file)
    if (!found.isFile() && !found.isSymbolicLink()) throw new Error('it is not a file')
    return await open(file, 'r')
  } catch (thrown) {
    throw unreadable(thrown)
  }
}

const changed = (): ScriptoriumError =>
  new ScriptoriumError(
    'unstable',
    'its pages cannot be shown: the file has changed since it was read',
  )

function unreadable(thrown: unknown): unknown {
  if (thrown instanceof ScriptoriumError) return thrown
  // No path: what is said here is told to clients.
  const reason = systemCode(thrown) === 'ENOENT' ? 'is no longer there' : 'cannot be read'
  const code = systemCode(thrown) ?? toError(thrown).message
  const message = `its pages cannot be shown: the file ${reason} (${code})`
  return new ScriptoriumError('input_unreadable', message, { cause: thrown })
}
