import type { PageWishes } from '../opened.ts'
import type { PdfPage } from './page.ts'

/** What the PDF thread can be asked: the argument and the answer of each call. */
export interface PdfCalls {
  open: {
    argument: { bytes: Uint8Array<ArrayBuffer>; password: string | undefined }
    answer: { id: number; pagesTotal: number }
  }
  page: {
    argument: PageWishes & { id: number; index: number; maxMegapixels: number }
    answer: PdfPage
  }
  close: { argument: { id: number }; answer: null }
}
