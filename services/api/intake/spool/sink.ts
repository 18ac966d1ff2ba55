import type { FileHandle } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { callbackify } from 'node:util'

/** Every write is a round trip to another thread at any size, so this many bytes are collected for one. */
const pieceBytes = 256 * 1024

/** Writes bytes to a file after `look`, which may throw; the file stays open. */
export function createSink(handle: FileHandle, look: (chunk: Buffer) => Promise<void>): Writable {
  let held: Buffer[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const piece = held
    held = []
    bytes = 0
    await writeWhole(handle, piece)
  }
  const take = async (chunk: Buffer): Promise<void> => {
    await look(chunk)
    held.push(chunk)
    bytes += chunk.length
    if (bytes >= pieceBytes) await flush()
  }
  const [takeThen, flushThen] = [callbackify(take), callbackify(flush)]
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => takeThen(chunk, done),
    final: (done) => flushThen(done),
  })
}

/** A disk that fills up takes a part of a write, and fails the next one. */
async function writeWhole(handle: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  let rest = [...buffers]
  while (rest.length > 0) {
    let { bytesWritten: taken } = await handle.writev(rest)
    rest = rest.flatMap((buffer) => {
      const part = Math.min(taken, buffer.length)
      taken -= part
      return part === buffer.length ? [] : [buffer.subarray(part)]
    })
  }
}
