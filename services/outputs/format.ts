import type { Below } from '../../shared/files/open-below.ts'
import type { ScriptoriumDocument } from '../../shared/contract/result/document.ts'
import type { PageResult } from '../../shared/contract/result/page.ts'
import type { Chunks } from './chunks.ts'
import type { Decoder } from './decoder/decoder.ts'

/**
 * A document as writers see it. Its pages can be iterated more than once, and may come from the ledger one at a time: a
 * writer that keeps none of them can write a document of any length.
 */
export interface OutputDocument extends Omit<ScriptoriumDocument, 'pages'> {
  pages: Iterable<PageResult>
}

/** The file that a document was read from: formats that show the pages need it. */
export interface OutputInput {
  file: Below
  /** Of an encrypted PDF. */
  password?: string | undefined
  /** The only page to write. */
  page?: number
  /** Decodes the input where its pages are shown. */
  decoder: Decoder
  /** Aborted when the output is not needed any more. */
  signal?: AbortSignal | undefined
}

/** A document of an output folder, and the location of its input. */
export interface Finished {
  document: OutputDocument
  input: OutputInput
}

/** One output format: everything that files and HTTP need to know about it. */
export interface OutputFormat {
  /** Suffix of the document's path, without the dot. */
  extension: string
  mediaType: string
  /** True where a file can hold one page only. */
  isOfOnePage?: boolean
  /** True where writing opens the document's input, which may take long for any file. */
  showsInput?: boolean
  /**
   * Returns the content in chunks. Throws a `ScriptoriumError` where this document cannot be written in this format:
   * its input is missing, has changed, or cannot be shown.
   */
  write: (document: OutputDocument, input: OutputInput) => Chunks
}
