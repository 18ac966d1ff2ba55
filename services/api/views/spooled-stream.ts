import { randomUUID } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { toError } from '../../../shared/process/errors.ts'
import { orDiskFull, requireSpace } from '../limits/disk-space.ts'

interface Options {
  /** An unlinked file that holds the bytes until they are read. */
  folder: string
  minFreeBytes: number
}

const pieceBytes = 65_536
/** Disk space is reserved again after this many bytes. */
const lookEveryBytes = 64 * 2 ** 20

/**
 * Buffers on disk between a fast source and a slow reader, so that a slow client blocks neither the source nor memory.
 * Closing the stream ends the source. Throws `disk_full`.
 */
export async function spoolStream(
  source: AsyncGenerator<Buffer>,
  { folder, minFreeBytes }: Options,
): Promise<Readable> {
  await requireSpace(folder, minFreeBytes)
  const name = join(folder, randomUUID())
  const handle = await open(name, 'wx+', 0o600)
  await rm(name)
  const progress = { bytes: 0, hasEnded: false, more: Promise.withResolvers<void>() }
  const tell = (): void => {
    progress.more.resolve()
    progress.more = Promise.withResolvers()
  }
  const write = async (): Promise<void> => {
    let lookedAt = 0
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length;) {
        at += (await handle.write(chunk, at, chunk.length - at, progress.bytes + at)).bytesWritten
      }
      progress.bytes += chunk.length
      tell()
      if (progress.bytes - lookedAt < lookEveryBytes) continue
      lookedAt = progress.bytes
      await requireSpace(folder, minFreeBytes)
    }
  }
  const written = write()
    .catch((thrown: unknown) => {
      throw orDiskFull(thrown)
    })
    .finally(() => {
      progress.hasEnded = true
      tell()
    })
  written.catch(() => undefined) // Readers that reach the failed part get the error.
  const stream = Readable.from(follow(handle, progress, written), {
    objectMode: false,
    highWaterMark: pieceBytes,
  })
  stream.once('close', () => {
    void closeAll(source, written, handle)
  })
  return stream
}

/** Yields bytes as they are written. Throws errors of the source. */
async function* follow(
  handle: FileHandle,
  progress: { bytes: number; hasEnded: boolean; more: PromiseWithResolvers<void> },
  written: Promise<void>,
): AsyncGenerator<Buffer> {
  const room = Buffer.allocUnsafe(pieceBytes)
  for (let at = 0; ;) {
    if (at === progress.bytes) {
      if (progress.hasEnded) return written
      await progress.more.promise
      continue
    }
    const length = Math.min(room.length, progress.bytes - at)
    const { bytesRead } = await handle.read(room, 0, length, at)
    at += bytesRead
    yield Buffer.from(room.subarray(0, bytesRead))
  }
}

async function closeAll(
  source: AsyncGenerator<Buffer>,
  written: Promise<void>,
  handle: FileHandle,
): Promise<void> {
  await source.return(undefined).catch(toError) // It may be in the middle of a piece; then it ends after it.
  await written.catch(toError) // The reader gets this error, if one is left.
  await handle.close()
}
