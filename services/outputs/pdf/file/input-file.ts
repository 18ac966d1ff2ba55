import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { ScriptoriumError, systemCode, toError } from '../../../../shared/process/errors.ts'
import { openBelow, type Below } from '../../../../shared/files/open-below.ts'

const chunkBytes = 1_048_576

/** An open document file that is verified to be the one that was read. */
export interface InputFile {
  bytes: number
  /** Its first mebibyte, or less for a shorter file. */
  head: Buffer
  /** Reads a range. */
  read: (from: number, to: number) => Promise<Buffer>
  /** Reads all of it in chunks. Fails at the end where it has changed meanwhile. */
  stream: () => AsyncGenerator<Buffer>
  close: () => Promise<void>
}

/**
 * Opens a document's file, and reads it once to compare its hash: the output shows exactly the file that was read, and
 * little of it is in memory. Throws `input_unreadable` where it is missing, `unstable` where it has changed.
 */
export async function openInputFile(file: Below, sha256: string | null): Promise<InputFile> {
  const handle = await openInput(file)
  try {
    return await check(handle, sha256)
  } catch (thrown) {
    await handle.close()
    throw unreadable(thrown)
  }
}

async function check(handle: FileHandle, sha256: string | null): Promise<InputFile> {
  const before = await handle.stat()
  const hash = createHash('sha256')
  let head: Buffer = Buffer.alloc(0)
  let bytes = 0
  for await (const chunk of chunksOf(handle, 0)) {
    hash.update(chunk)
    if (bytes === 0) head = chunk
    bytes += chunk.length
  }
  if (hash.digest('hex') !== sha256) throw changed()
  return {
    bytes,
    head,
    read: (from, to) => readPart(handle, from, to),
    async *stream() {
      if (head.length > 0) yield head
      let given = head.length
      for await (const chunk of chunksOf(handle, given)) {
        given += chunk.length
        yield chunk
      }
      // A second hash would cost as much as all the rest.
      const { mtimeMs, size } = await handle.stat()
      if (given !== bytes || size !== before.size || mtimeMs !== before.mtimeMs) throw changed()
    },
    close: () => handle.close(),
  }
}

async function* chunksOf(handle: FileHandle, from: number): AsyncGenerator<Buffer> {
  for (let at = from; ;) {
    const room = Buffer.allocUnsafeSlow(chunkBytes)
    const { bytesRead } = await handle.read(room, 0, chunkBytes, at).catch((thrown: unknown) => {
      throw unreadable(thrown)
    })
    if (bytesRead === 0) return
    at += bytesRead
    yield room.subarray(0, bytesRead)
  }
}

async function readPart(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const part = Buffer.allocUnsafeSlow(to - from)
  for (let filled = 0; filled < part.length;) {
    const { bytesRead } = await handle.read(part, filled, part.length - filled, from + filled)
    if (bytesRead === 0) throw changed()
    filled += bytesRead
  }
  return part
}

/** The whole of a document's file. Throws the errors of `openInputFile`. */
export async function readWholeInput(file: Below, sha256: string | null): Promise<Buffer> {
  const handle = await openInput(file)
  try {
    const { size } = await handle.stat()
    const whole = await readPart(handle, 0, size)
    const hash = createHash('sha256').update(whole)
    for await (const more of chunksOf(handle, size)) hash.update(more)
    if (hash.digest('hex') !== sha256) throw changed()
    return whole
  } catch (thrown) {
    throw unreadable(thrown)
  } finally {
    await handle.close()
  }
}

async function openInput(file: Below): Promise<FileHandle> {
  try {
    const handle = await openBelow(file)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    throw new Error('it is not a file')
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
  // No path: clients see this message.
  const reason = systemCode(thrown) === 'ENOENT' ? 'no longer exists' : 'cannot be read'
  const code = systemCode(thrown) ?? toError(thrown).message
  const message = `its pages cannot be shown: the file ${reason} (${code})`
  return new ScriptoriumError('input_unreadable', message, { cause: thrown })
}
