import { createHash, randomUUID, type Hash } from 'node:crypto'
import {
  closeSync,
  fdatasync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import type { Format } from '../../../shared/contract.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import type { Unavailable } from '../../../shared/messages.ts'
import { hashOf } from '../hash-of.ts'
import type { Chunk, Chunks, OutputDocument, OutputInput } from './format.ts'
import { outputFormats } from './formats.ts'

const datasync = promisify(fdatasync)

/** Small pieces are gathered: each write is a system call. */
const gatheredBytes = 262_144

/** Documents whose input is held in memory at the same time, for formats that show their pages. */
const heldInputs = 2

/**
 * Where a document's output of one format lies below OUT: the extension is appended, so none collide. Of a format that
 * has one page in a file, the second page that was read and all after it have their number: `scan.tif.page-2.xml`.
 */
export function outputName(path: string, format: Format, page?: number): string {
  const { extension } = outputFormats[format]
  return `${path}.${page === undefined ? extension : extension.replace(/(?=\.|$)/, `-${page}`)}`
}

/** Every name that output of a document with so many pages may have. */
export const outputNames = (path: string, format: Format, pagesTotal: number): string[] => [
  outputName(path, format),
  ...(outputFormats[format].isOfOnePage === true
    ? Array.from({ length: pagesTotal }, (_, index) => outputName(path, format, index + 1))
    : []),
]

/** The folder for our own files inside an output folder. */
export const stateFolder = (out: string): string => join(out, '.scriptorium')

/** What became of one document's output. */
export interface Written {
  /** The SHA-256 of each file by format. */
  hashes: Partial<Record<Format, string>>
  unavailable: Unavailable[]
}

/**
 * Writes output files so that a reader sees a whole file or none, and a power cut leaves a whole file or none:
 * a temporary file beside the ledger, fdatasync, rename, then an fsync of each folder that changed.
 */
export function createOutputFiles(out: string) {
  const temporary = join(stateFolder(out), 'tmp')
  mkdirSync(temporary, { recursive: true })
  const folders = new Set<string>()
  const limit = pLimit(heldInputs)

  /** Returns the SHA-256 of what was written. */
  const replace = async (file: string, chunks: Chunks): Promise<string> => {
    const draft = join(temporary, randomUUID())
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
      const folder = dirname(file)
      if (!folders.has(folder)) mkdirSync(folder, { recursive: true })
      folders.add(folder)
      renameSync(draft, file)
    } catch (thrown) {
      rmSync(draft, { force: true })
      throw thrown
    }
    return sha256.digest('hex')
  }

  /** The file that is named after the format alone comes last: where it is, the others are. */
  const writePages = async (
    format: Format,
    document: OutputDocument,
    input: OutputInput,
  ): Promise<string> => {
    const { write } = outputFormats[format]
    const [, ...others] = [...document.pages].map((page) => page.page)
    removePages(document.path, format, others)
    for (const page of document.pages) {
      if (!others.includes(page.page)) continue
      const file = join(out, outputName(document.path, format, page.page))
      await replace(file, write({ ...document, pages: [page] }, input))
    }
    return replace(join(out, outputName(document.path, format)), write(document, input))
  }

  /** What an earlier reading has left of pages that this one has not, or has under the plain name. */
  const removePages = (path: string, format: Format, kept: readonly number[]): void => {
    const last = kept.at(-1) ?? 1
    for (let page = 1; ; page += 1) {
      const file = join(out, outputName(path, format, page))
      const isThere = lstatSync(file, { throwIfNoEntry: false })?.isFile() === true
      if (isThere && !kept.includes(page)) rmSync(file)
      if (!isThere && page > last) return
    }
  }

  return {
    /**
     * Writes one document in each format. What it cannot be written in again stays as it is where its hash is that of
     * `earlier`: a run without the password of a PDF does not remove what a run with it has written.
     */
    async write(
      document: OutputDocument,
      formats: readonly Format[],
      input: OutputInput,
      earlier: Written['hashes'] = {},
    ): Promise<Written> {
      const written: Written = { hashes: {}, unavailable: [] }
      for (const format of formats) {
        const { isOfOnePage = false, showsInput = false, write } = outputFormats[format]
        const file = join(out, outputName(document.path, format))
        try {
          const work = (): Promise<string> =>
            isOfOnePage
              ? writePages(format, document, input)
              : replace(file, write(document, input))
          written.hashes[format] = await (showsInput ? limit(work) : work())
        } catch (thrown) {
          if (!(thrown instanceof ScriptoriumError)) throw thrown
          const kept = earlier[format]
          if (kept !== undefined && (await hashOf(file)) === kept) {
            written.hashes[format] = kept
            continue
          }
          // What an earlier reading left there would be taken for this one's.
          if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === true) rmSync(file)
          written.unavailable.push({ format, code: thrown.code, message: thrown.message })
        }
      }
      return written
    },
    replace,
    /** Makes the renames since the last call durable. */
    async sync(): Promise<void> {
      for (const folder of folders) {
        const handle = await open(folder)
        try {
          await handle.sync()
        } finally {
          await handle.close()
        }
      }
      folders.clear()
    },
    /** Removes what a killed process left half-written. */
    sweep(): void {
      for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { force: true })
    },
    temporary,
  }
}

export type OutputFiles = ReturnType<typeof createOutputFiles>

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
  // A long document is not to keep the process from everything else.
  const flushIfFull = async (): Promise<void> => {
    flush()
    await turn()
  }
  // Waiting for each piece of what is there already would cost a small document more than writing it.
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
