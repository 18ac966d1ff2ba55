import { PDFiumModule } from '@hyzyla/pdfium'
import type { LoadedPdf } from '../decoder/pdf-calls.ts'
import { clearCounts, namesMissingPages, namesMorePages, trailerOf } from './page-counts.ts'

/**
 * The used part of PDFium's C interface (public/fpdfview.h, fpdf_text.h, fpdf_edit.h); handles are addresses, 0 for
 * none.
 */
interface RawPdfium {
  FPDF_InitLibraryWithConfig: (config: number) => void
  FPDF_LoadMemDocument: (data: number, size: number, password: number) => number
  FPDF_GetLastError: () => number
  FPDF_CloseDocument: (document: number) => void
  FPDF_GetPageCount: (document: number) => number
  FPDF_GetPageSizeByIndexF: (document: number, index: number, size: number) => number
  FPDF_LoadPage: (document: number, index: number) => number
  FPDF_ClosePage: (page: number) => void
  FPDF_GetPageWidthF: (page: number) => number
  FPDF_GetPageHeightF: (page: number) => number
  FPDF_GetPageBoundingBox: (page: number, rectangle: number) => number
  FPDFPage_GetRotation: (page: number) => number
  FPDFPage_SetRotation: (page: number, quarterTurns: number) => void
  FPDFPage_GetAnnotCount: (page: number) => number
  FPDFPage_Flatten: (page: number, flag: number) => number
  FPDFPage_CountObjects: (page: number) => number
  FPDFPage_GetObject: (page: number, index: number) => number
  FPDFFormObj_CountObjects: (form: number) => number
  FPDFFormObj_GetObject: (form: number, index: number) => number
  FPDFPageObj_GetType: (object: number) => number
  FPDFPageObj_SetIsActive: (object: number, isActive: number) => number
  FPDFPageObj_HasTransparency: (object: number) => number
  FPDFPageObj_GetMatrix: (object: number, matrix: number) => number
  FPDFImageObj_GetImagePixelSize: (object: number, width: number, height: number) => number
  FPDFImageObj_GetImageFilterCount: (object: number) => number
  FPDFImageObj_GetImageFilter: (
    object: number,
    index: number,
    buffer: number,
    length: number,
  ) => number
  FPDFImageObj_GetBitmap: (object: number) => number
  FPDFImageObj_GetImageDataRaw: (object: number, buffer: number, length: number) => number
  FPDFBitmap_CreateEx: (
    width: number,
    height: number,
    format: number,
    data: number,
    stride: number,
  ) => number
  FPDFBitmap_FillRect: (
    bitmap: number,
    left: number,
    top: number,
    width: number,
    height: number,
    colour: number,
  ) => number
  FPDFBitmap_Destroy: (bitmap: number) => void
  FPDF_RenderPageBitmap: (
    bitmap: number,
    page: number,
    left: number,
    top: number,
    width: number,
    height: number,
    rotate: number,
    flags: number,
  ) => void
  FPDFText_LoadPage: (page: number) => number
  FPDFText_ClosePage: (text: number) => void
  FPDFText_CountChars: (text: number) => number
  FPDFText_GetUnicode: (text: number, index: number) => number
  FPDFText_HasUnicodeMapError: (text: number, index: number) => number
  FPDFText_GetCharBox: (
    text: number,
    index: number,
    left: number,
    right: number,
    bottom: number,
    top: number,
  ) => number
  FPDFText_GetLooseCharBox: (text: number, index: number, rectangle: number) => number
  FPDFText_GetCharOrigin: (text: number, index: number, x: number, y: number) => number
  FPDFText_GetCharAngle: (text: number, index: number) => number
  FPDFText_GetFontSize: (text: number, index: number) => number
  FPDFText_GetTextObject: (text: number, index: number) => number
  FPDFTextObj_GetTextRenderMode: (object: number) => number
  FPDFTextObj_GetFont: (object: number) => number
  FPDFFont_GetIsEmbedded: (font: number) => number
  FPDFFont_GetFontData: (font: number, buffer: number, length: number, size: number) => number
  wasmExports: { malloc: (size: number) => number; free: (address: number) => void }
  HEAPU8: Uint8Array
  HEAPF32: Float32Array
  HEAPF64: Float64Array
  HEAP32: Int32Array
}

/**
 * PDFium as WebAssembly, with buffers for results that C writes to an address. The package's own classes omit most of
 * the interface, and its getText() fails ("table index is out of bounds"), so this module calls the C functions
 * directly.
 */
export interface Pdfium {
  raw: RawPdfium
  /** Up to eight numbers that a call writes: `take(n)` reads them after `call` received their addresses. */
  doubles: (call: (...addresses: number[]) => unknown, count: number) => number[]
  floats: (call: (address: number) => unknown, count: number) => number[]
  /**
   * Returns the result of `work`. Throws where the system refused memory meanwhile: PDFium omits any object that it has
   * no memory for, and a page would be read without it.
   */
  withMemory: <T>(work: () => T) => T
}

const scratchBytes = 64

/** Loads PDFium: 40 ms and 16 MB. */
export async function loadPdfium(): Promise<Pdfium> {
  let refusals = 0
  const printErr = (text: string): void => {
    if (text.startsWith('Failed to grow the heap')) refusals += 1
  }
  // The package's types lack this Emscripten option.
  const options: Parameters<typeof PDFiumModule>[0] & { printErr: typeof printErr } = { printErr }
  const raw = toRaw(await PDFiumModule(options))
  raw.FPDF_InitLibraryWithConfig(0)
  const scratch = raw.wasmExports.malloc(scratchBytes)
  // Growing memory replaces the views, so each access looks them up again.
  return {
    raw,
    doubles(call, count) {
      call(...Array.from({ length: count }, (_, index) => scratch + 8 * index))
      return Array.from(raw.HEAPF64.subarray(scratch / 8, scratch / 8 + count))
    },
    floats(call, count) {
      call(scratch)
      return Array.from(raw.HEAPF32.subarray(scratch / 4, scratch / 4 + count))
    },
    withMemory(work) {
      const before = refusals
      const result = attempt(work)
      if (refusals > before) throw new Error('out of memory')
      return result()
    },
  }
}

/** Runs the work now; the returned function returns its result or throws its error. */
function attempt<T>(work: () => T): () => T {
  try {
    const result = work()
    return () => result
  } catch (thrown) {
    return () => {
      throw thrown
    }
  }
}

/** Returns the module's functions under their C names; the package's types name only a few of them. */
function toRaw(module: object): RawPdfium {
  const functions = Object.entries(module).filter(([name]) => name.startsWith('_FPDF'))
  const calls = Object.fromEntries(functions.map(([name, call]) => [name.slice(1), call]))
  const memory = module as Pick<
    RawPdfium,
    'wasmExports' | 'HEAPU8' | 'HEAP32' | 'HEAPF32' | 'HEAPF64'
  >
  return {
    ...(calls as unknown as RawPdfium),
    wasmExports: memory.wasmExports,
    get HEAPU8() {
      return memory.HEAPU8
    },
    get HEAP32() {
      return memory.HEAP32
    },
    get HEAPF32() {
      return memory.HEAPF32
    },
    get HEAPF64() {
      return memory.HEAPF64
    },
  }
}

/** A trailer that is appended to a file without one. */
const trailerRoom = 64
const errorPassword = 4
const errorSecurity = 5

/** A document's file in PDFium's memory, until it is closed. */
export interface PdfiumFile {
  /** Copies a piece to its position. */
  fill: (at: number, bytes: Uint8Array) => void
  /** Opens the complete document, or returns the reason why it does not open. */
  load: (password: string | undefined) => LoadedPdf | PdfRefusal
  /** 0 while it is not loaded. */
  handle: () => number
  close: () => void
}

export type PdfRefusal = 'password' | 'security' | 'damaged'

/** Reserves memory for a file of `length` bytes. */
export function reserveFile(pdfium: Pdfium, length: number): PdfiumFile {
  const { raw } = pdfium
  const { malloc, free } = raw.wasmExports
  const data = malloc(length + trailerRoom)
  if (data === 0) throw new Error('out of memory')
  let handle = 0
  return {
    fill(at, bytes) {
      if (at + bytes.length > length) throw new Error('more data than announced')
      raw.HEAPU8.set(bytes, data + at)
    },
    load(password) {
      const secret = password === undefined ? 0 : toCString(raw, password)
      let size = length
      const open = (): number => raw.FPDF_LoadMemDocument(data, size, secret)
      const bytes = (): Buffer => Buffer.from(raw.HEAPU8.buffer, data, length + trailerRoom)
      try {
        handle = open()
        const error = raw.FPDF_GetLastError()
        if (handle === 0 && error === errorPassword) return 'password'
        if (handle === 0 && error === errorSecurity) return 'security'
        const trailer = handle === 0 ? trailerOf(bytes().subarray(0, length)) : undefined
        if (trailer !== undefined) {
          size += bytes().write(trailer, length, 'latin1')
          handle = open()
        }
        if (handle === 0) return 'damaged'
        const { pagesTotal, found, announced } = countPages(pdfium, handle)
        if (
          found > 0 &&
          announced > found &&
          !namesMissingPages(bytes().subarray(0, length), found)
        )
          return { pagesTotal: found, announced }
        if (!namesMorePages(bytes().subarray(0, length), pagesTotal)) return { pagesTotal }
        raw.FPDF_CloseDocument(handle)
        const restore = clearCounts(bytes().subarray(0, length))
        handle = open()
        const counted = handle === 0 ? 0 : countPages(pdfium, handle).pagesTotal
        if (counted > pagesTotal) return { pagesTotal: counted }
        if (handle !== 0) raw.FPDF_CloseDocument(handle)
        restore()
        handle = open()
        return handle === 0 ? 'damaged' : { pagesTotal }
      } finally {
        if (secret !== 0) free(secret)
      }
    },
    handle: () => handle,
    close(): void {
      if (handle !== 0) raw.FPDF_CloseDocument(handle)
      free(data)
    },
  }
}

/**
 * Counts the pages of a document. PDFium trusts the page tree's /Count, which may announce any number. Announced pages
 * at the end that do not exist are counted up to the number of existing ones (a truncated file shows how much of it is
 * missing), and at least one page is counted. Finds the last page of 2 000 in 50 ms with one pass through the tree; it
 * parses no page content.
 */
function countPages({ raw, floats }: Pdfium, document: number) {
  const announced = raw.FPDF_GetPageCount(document)
  let found = 0
  floats((size) => {
    found = announced
    while (found > 0 && raw.FPDF_GetPageSizeByIndexF(document, found - 1, size) === 0) found -= 1
  }, 2)
  return { pagesTotal: Math.min(announced, found + Math.max(1, found)), found, announced }
}

function toCString(raw: RawPdfium, text: string): number {
  const bytes = Buffer.from(`${text}\0`)
  const address = raw.wasmExports.malloc(bytes.length)
  raw.HEAPU8.set(bytes, address)
  return address
}
