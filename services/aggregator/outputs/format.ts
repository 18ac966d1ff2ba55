import type { PageResult, ScriptoriumDocument } from '../../../shared/contract.ts'

/**
 * A document as writers see it. Its pages can be gone through more than once, and may come from the ledger one at a
 * time: a writer that keeps none of them can write a document of any length.
 */
export interface OutputDocument extends Omit<ScriptoriumDocument, 'pages'> {
  pages: Iterable<PageResult>
}

/** The file that a document was read from: formats that show the pages need it. */
export interface OutputInput {
  file: string
  /** Of an encrypted PDF. */
  password?: string
  /** A number of a page that alone is wanted. */
  page?: number
}

/** A document of an output folder, and where its pages can be seen. */
export interface Finished {
  document: OutputDocument
  input: OutputInput
}

/** Text is UTF-8. */
export type Chunk = string | Uint8Array
export type Chunks = Iterable<Chunk> | AsyncIterable<Chunk>

/** One format of the output: all that files and HTTP need to know of it. */
export interface OutputFormat {
  /** What follows the document's path and a dot. */
  extension: string
  mediaType: string
  /** True where a file can hold one page only. */
  isOfOnePage?: boolean
  /** True where the document's input is read, and held in memory while it is written. */
  showsInput?: boolean
  /**
   * Gives the content piece by piece. Throws a `ScriptoriumError` where this document cannot be had in this format: its
   * input is gone, has changed, or cannot be shown.
   */
  write: (document: OutputDocument, input: OutputInput) => Chunks
}
