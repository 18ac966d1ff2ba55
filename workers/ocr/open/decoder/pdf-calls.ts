import type { BBox } from '../../../../shared/contract/result/layout.ts'
import type { TextReason } from '../../../../shared/contract/text-source.ts'
import type { OwnText, PagePicture, PageWishes, PdfPageText, PictureSize } from '../opened.ts'

/** A page as the process returns it. */
export type OpenedPdfPage = { width: number; height: number; dpi: number; reason: TextReason } & (
  | { kind: 'pixels'; gray: Uint8Array<ArrayBuffer>; own?: OwnText; shown?: BBox[] }
  | {
      kind: 'layer'
      layer: PdfPageText
      gray?: Uint8Array<ArrayBuffer>
      /** The reason why its pictures are not in `gray`, or not all of them. */
      unread?: string
    }
)

export interface PdfLimits {
  maxMegapixels: number
  /** Memory limit of the process, bytes. */
  maxBytes: number
}

export interface LoadedPdf {
  pagesTotal: number
  /** The number of pages that the file announces, where it has fewer, and its page tree names no others. */
  announced?: number
}

/** The decoder's calls for PDFs: argument and answer of each. */
export interface PdfCalls {
  /** Reserves memory for a file. The file arrives in pieces, so that memory holds it only once. */
  openPdf: { argument: { length: number }; answer: { id: number } }
  fillPdf: { argument: { id: number; at: number; bytes: Uint8Array<ArrayBuffer> }; answer: null }
  loadPdf: {
    argument: { id: number; password: string | undefined }
    answer: LoadedPdf
  }
  pdfPage: {
    argument: PageWishes & { id: number; index: number } & PdfLimits
    answer: OpenedPdfPage
  }
  /** Renders a page in colour. */
  pdfPicture: {
    argument: PictureSize & { id: number; index: number } & PdfLimits
    answer: PagePicture
  }
  closePdf: { argument: { id: number }; answer: null }
}
