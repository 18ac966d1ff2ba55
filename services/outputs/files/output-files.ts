import { lstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Format } from '../../../shared/contract/result/formats.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { takePrivateFolder, UnsafePath } from '../../../shared/files/private-files.ts'
import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import { hashOf } from './hash-of.ts'
import type { OutputDocument, OutputInput } from '../format.ts'
import { outputFormats } from '../formats.ts'
import { createAtomicFiles } from './atomic-files.ts'
import { createOutFolder } from './out-folder.ts'

/**
 * Path of a document's output of one format below OUT: the extension is appended, so no two collide. For a format with
 * one page per file, the second read page and all later ones have their number: `scan.tif.page-2.xml`.
 */
export function outputName(path: string, format: Format, page?: number): string {
  const { extension } = outputFormats[format]
  return `${path}.${page === undefined ? extension : extension.replace(/(?=\.|$)/, `-${page}`)}`
}

/** All possible output names of a document with this number of pages. */
export const outputNames = (path: string, format: Format, pagesTotal: number): string[] => [
  outputName(path, format),
  ...(outputFormats[format].isOfOnePage === true
    ? Array.from({ length: pagesTotal }, (_, index) => outputName(path, format, index + 1))
    : []),
]

/** The folder for our own files inside an output folder. */
export const stateFolder = (out: string): string => join(out, '.scriptorium')

/** Result of writing one document's output. */
export interface Written {
  /** The SHA-256 of each file by format. */
  hashes: Partial<Record<Format, string>>
  unavailable: Unavailable[]
}

/** The output files of an output folder: written atomically, in each format, and removed. */
export function createOutputFiles(out: string) {
  const folder = createOutFolder(out)
  const temporary = join(stateFolder(folder.root), 'tmp')
  takePrivateFolder(stateFolder(folder.root))
  const { replace, sweep } = createAtomicFiles(folder, temporary)

  /** Removes a file below OUT; returns false if it does not exist. Removes a link itself, not its target. */
  const removeFile = (name: string): boolean =>
    folder.at(name, (path) => {
      const isThere = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
      if (isThere) rmSync(path)
      return isThere
    }) ?? false

  /** The file named after the format alone comes last: once it exists, the others do. */
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
      const name = outputName(document.path, format, page.page)
      await replace(name, write({ ...document, pages: [page] }, input))
    }
    return replace(outputName(document.path, format), write(document, input))
  }

  /** Removes files of an earlier reading for pages that this one lacks, or has under the plain name. */
  const removePages = (path: string, format: Format, kept: readonly number[]): void => {
    const last = kept.at(-1) ?? 1
    for (let page = 1; ; page += 1) {
      const name = outputName(path, format, page)
      const isThere = kept.includes(page) || removeFile(name)
      if (!isThere && page > last) return
    }
  }

  return {
    /**
     * Writes one document in each format. A format that cannot be written this time keeps its file if the file's hash
     * is that of `earlier`: a run without a PDF's password does not remove the output of a run with it. Calls `begin`
     * before each format, which may refuse it.
     */
    async write(
      document: OutputDocument,
      formats: readonly Format[],
      input: OutputInput,
      earlier: Written['hashes'] = {},
      begin: (format: Format) => Promise<void> | undefined = () => undefined,
    ): Promise<Written> {
      const written: Written = { hashes: {}, unavailable: [] }
      for (const format of formats) {
        const { isOfOnePage = false, write } = outputFormats[format]
        const name = outputName(document.path, format)
        try {
          const work = async (): Promise<string> => {
            await begin(format)
            return isOfOnePage
              ? writePages(format, document, input)
              : replace(name, write(document, input))
          }
          written.hashes[format] = await orOnceMore(work)
        } catch (thrown) {
          if (!(thrown instanceof ScriptoriumError) || thrown instanceof UnsafePath) throw thrown
          const kept = earlier[format]
          if (kept !== undefined && (await hashOf(join(folder.root, name))) === kept) {
            written.hashes[format] = kept
            continue
          }
          // A file of an earlier reading would pass for one of this reading.
          removeFile(name)
          written.unavailable.push({ format, code: thrown.code, message: thrown.message })
        }
      }
      return written
    },
    replace,
    /** Removes a file of an earlier run: it would pass for one of this run. */
    remove: removeFile,
    /** Makes the renames since the last call durable. */
    sync: () => folder.sync(),
    /** Removes temporary files of a killed process. */
    sweep,
    temporary,
  }
}

export type OutputFiles = ReturnType<typeof createOutputFiles>

/** A decoder that was killed from outside is the service's fault, not the file's: another attempt may succeed. */
async function orOnceMore(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (thrown) {
    const isOurs = thrown instanceof ScriptoriumError && thrown.code === 'decoder_failed'
    if (!isOurs) throw thrown
    return work()
  }
}
