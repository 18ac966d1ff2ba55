import { hash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fdatasync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Format, ScriptoriumDocument } from '../../../shared/contract.ts'
import { toJson } from './json.ts'
import { toText } from './text.ts'

const datasync = promisify(fdatasync)

const writers: Record<Format, (document: ScriptoriumDocument) => string> = {
  txt: toText,
  json: toJson,
}

/** Where a document's output of one format lies below OUT: the extension is appended, so none collide. */
export const outputName = (path: string, format: Format): string => `${path}.${format}`

/** The folder for our own files inside an output folder. */
export const stateFolder = (out: string): string => join(out, '.scriptorium')

/**
 * Writes output files so that a reader sees a whole file or none, and a power cut leaves a whole file or none:
 * a temporary file beside the ledger, fdatasync, rename, then an fsync of each folder that changed.
 */
export function createOutputFiles(out: string) {
  const temporary = join(stateFolder(out), 'tmp')
  mkdirSync(temporary, { recursive: true })
  const folders = new Set<string>()

  const replace = async (file: string, content: string): Promise<void> => {
    const draft = join(temporary, randomUUID())
    try {
      // Only the sync waits for the disk; each trip through the thread pool would cost more than the call itself.
      const descriptor = openSync(draft, 'wx', 0o644)
      try {
        writeFileSync(descriptor, content)
        await datasync(descriptor)
      } finally {
        closeSync(descriptor)
      }
      renameSync(draft, file)
    } catch (thrown) {
      rmSync(draft, { force: true })
      throw thrown
    }
  }

  return {
    /** Writes one document in each format. Returns the SHA-256 of each file by format. */
    async write(
      document: ScriptoriumDocument,
      formats: readonly Format[],
    ): Promise<Record<string, string>> {
      const written: Record<string, string> = {}
      for (const format of formats) {
        const file = join(out, outputName(document.path, format))
        const content = writers[format](document)
        const folder = dirname(file)
        if (!folders.has(folder)) mkdirSync(folder, { recursive: true })
        folders.add(folder)
        await replace(file, content)
        written[format] = hash('sha256', content)
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
