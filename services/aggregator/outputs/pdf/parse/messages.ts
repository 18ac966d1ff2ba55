import type { Base, Trailer } from '../assembly.ts'

/** What a thread is to find out about a PDF. */
export interface ParseTask {
  file: string
  sha256: string | null
  password: string
  /** Copies pages, all of them or one, as objects with numbers from `firstNumber`; without it they are described. */
  copy?: { firstNumber: number; parent: number; page?: number }
}

/** A page as a PDF has it, made ready to be written again with more in it. All text is PDF, a character a byte. */
export interface PdfPage {
  number: number
  generation: number
  /** Its entries but for `Contents` and `Resources`, inherited ones among them. */
  entries: string
  /** References to its content streams. */
  contents: string
  /** The entries of its resources but for `Font`, and those of that. */
  resources: string
  fonts: string
  /** What is shown of it: left, bottom, right, top; in its own space. */
  box: [number, number, number, number]
  /** Clockwise, as shown. */
  rotation: 0 | 90 | 180 | 270
}

export type ParseMessage =
  | { kind: 'described'; pages: PdfPage[]; base: Base; trailer: Trailer; rebuilt?: Uint8Array }
  /** An object of a copy; `data` where it is a stream. */
  | { kind: 'object'; number: number; body: string; data?: Uint8Array }
  /** A copy is complete: so many objects, and these pages, which are still to be written. */
  | { kind: 'copied'; count: number; pages: PdfPage[] }
  | { kind: 'refused'; code: RefusalCode; message: string }

/** The input is gone or has changed, or the PDF cannot be parsed. */
export type RefusalCode =
  | 'input_unreadable'
  | 'unstable'
  | 'corrupt_pdf'
  | 'password_required'
  | 'password_wrong'
