import type { ErrorCode } from '../../../shared/process/errors.ts'
import type { Below } from '../../../shared/files/open-below.ts'
import type { StoredOrientation, PictureHead } from './picture.ts'

/** State of a PDF that new objects are appended to. */
export interface Base {
  /** Bytes of the file before. */
  length: number
  /** The first free object number. */
  nextNumber: number
  /** Offset of its last cross-reference section. */
  startXref: number
  /** Whether that is a stream: the appended section must have the same form. */
  hasXrefStream: boolean
}

/** Entries of a trailer, as PDF text. */
export interface Trailer {
  root: string
  info?: string
  id?: string
}

/** A document's file. */
interface Input {
  file: Below
  sha256: string | null
}

/** A picture whose data are read next: those of its mask, then its own. */
export interface PictureAnswer extends PictureHead {
  bytes: number
  mask?: PictureHead & { bytes: number }
  orientation: StoredOrientation
}

/** A page's size in pixels, from its header. */
export interface Size {
  width: number
  height: number
}

/** A page without a picture; the others may have one. */
interface Refused {
  refused: { code: ErrorCode; message: string }
}

/** An object of a copy. If it has `bytes`, it is a stream, the last of its batch, and its data are read next. */
export interface CopiedObject {
  number: number
  body: string
  bytes?: number
}

/** A page of a PDF, prepared for rewriting with additional content. All text is PDF, one character per byte. */
export interface PdfPage {
  number: number
  generation: number
  /** Its entries except `Contents` and `Resources`, including inherited ones. */
  entries: string
  /** References to its content streams. */
  contents: string
  /** The entries of its resources except `Font`, and the entries of that. */
  resources: string
  fonts: string
  /** Its visible part: left, bottom, right, top; in its own space. */
  box: [number, number, number, number]
  /** Clockwise, as shown. */
  rotation: 0 | 90 | 180 | 270
}

/**
 * A page whose invisible text is removed. The deflated data of its content and of its forms are read next, in this
 * order.
 */
interface BareAnswer {
  bytes: number
  forms: { name: string; entries: string; bytes: number }[]
  resources: string
  xObjects: string
}

/** A font that is written again with a Unicode table. */
interface FontAnswer {
  number: number
  generation: number
  entries: string
  bytes: number
}

/** The calls of the decoder. It has one document open: a call that opens a document closes the previous one. */
export interface DecoderCalls {
  openImages: {
    argument: Input & { mediaType: string | null; maxMegapixels: number; maxBytes: number }
    answer: { pagesTotal: number }
  }
  /** Pages count from 1. */
  picture: { argument: { page: number }; answer: PictureAnswer | Refused }
  /** Of a page that is not decoded. */
  size: { argument: { page: number }; answer: Size | null }
  /** If its file is damaged or encrypted, `rebuiltBytes` that replace it are read next. */
  describePdf: {
    argument: Input & { password: string }
    answer: { base: Base; trailer: Trailer; rebuiltBytes?: number }
  }
  /** Copies pages, all or one, as objects with numbers from `firstNumber`. */
  copyPdf: {
    argument: Input & { password: string; firstNumber: number; parent: number; page?: number }
    answer: null
  }
  /** The next objects of a copy; `count` once there are no more: the number of object numbers in use. */
  pdfObjects: { argument: null; answer: { objects: CopiedObject[]; count?: number } }
  /** The next pages, described or copied; none after the last. Those of a copy come after its objects. */
  pdfPages: { argument: null; answer: { pages: PdfPage[] } }
  /** A described or copied page, counted from 0 in their order, without its invisible text; null where it has none. */
  pdfBarePage: { argument: { index: number }; answer: BareAnswer | null }
  /** The fonts of a described PDF without a Unicode table: their deflated tables are read next, in this order. */
  pdfUnnamedFonts: { argument: null; answer: { fonts: FontAnswer[] } }
  /** The next piece of announced data, about a mebibyte. */
  read: { argument: { maxBytes: number }; answer: { data: Uint8Array } }
  /** Returns the memory of the process, bytes. */
  close: { argument: null; answer: { residentBytes: number } }
}
