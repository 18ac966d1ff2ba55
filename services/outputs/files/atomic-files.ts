import { createHash, randomUUID, type Hash } from 'node:crypto'
import { closeSync, fdatasync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { relative } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { takePrivateFolder } from '../../../shared/files/private-files.ts'
import type { Chunk, Chunks } from '../chunks.ts'
import type { OutFolder } from './out-folder.ts'

const datasync = promisify(fdatasync)

/** Small chunks are buffered: each write is a system call. */
const gatheredBytes = 262_144

/**
 * Writes files of an output folder atomically and durably, so that a reader and a power cut see a whole file or none: a
 * temporary file beside the ledger, fdatasync, rename; the caller then syncs the folders.
 */
export function createAtomicFiles(folder: OutFolder, temporary: string) {
  takePrivateFolder(temporary)
  const openTemporary = () => folder.open(relative(folder.root, temporary))
  /** Temporary files in use. */
  const live = new Set<string>()
  return {
    /** Writes a file below OUT. Returns the SHA-256 of its content. */
    replace: async (name: string, chunks: Chunks): Promise<string> => {
      const drafts = openTemporary()
      const own = randomUUID()
      const draft = drafts.entry(own)
      live.add(own)
      const sha256 = createHash('sha256')
      try {
        // Only the sync waits for the disk; each trip through the thread pool would cost more than the call itself.
        const descriptor = openSync(draft, 'wx', 0o644)
        try {
          await writeChunks(descriptor, chunks, sha256)
          await datasync(descriptor)
        } finally {
          closeSync(descriptor)
        }
        renameSync(draft, folder.toWrite(name))
      } catch (thrown) {
        rmSync(draft, { force: true })
        throw thrown
      } finally {
        drafts.close()
        live.delete(own)
      }
      return sha256.digest('hex')
    },
    /** Removes temporary files of a killed process. */
    sweep: (): void => {
      const drafts = openTemporary()
      try {
        for (const name of readdirSync(drafts.entry('')))
          if (!live.has(name)) rmSync(drafts.entry(name), { force: true })
      } finally {
        drafts.close()
      }
    },
  }
}

async function writeChunks(descriptor: number, chunks: Chunks, sha256: Hash): Promise<void> {
  let gathered: Buffer[] = []
  let bytes = 0
  const flush = (): void => {
    const content = gathered.length === 1 ? gathered[0] : Buffer.concat(gathered)
    gathered = []
    bytes = 0
    if (content === undefined) return
    sha256.update(content)
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at)
  }
  const take = (chunk: Chunk): void => {
    const content =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    gathered.push(content)
    bytes += content.length
  }
  // Yields to other work during a long document.
  const flushIfFull = async (): Promise<void> => {
    flush()
    await turn()
  }
  // Awaiting each chunk of a synchronous source would cost a small document more than writing it.
  if (Symbol.iterator in chunks) {
    for (const chunk of chunks) {
      take(chunk)
      if (bytes >= gatheredBytes) await flushIfFull()
    }
  } else {
    for await (const chunk of chunks) {
      take(chunk)
      if (bytes >= gatheredBytes) await flushIfFull()
    }
  }
  flush()
}
