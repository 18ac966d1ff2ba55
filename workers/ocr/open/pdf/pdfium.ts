import { PDFiumModule } from '@hyzyla/pdfium'

/** What of PDFium's C interface (public/fpdfview.h, fpdf_text.h, fpdf_edit.h) is used; handles are addresses, 0 for none. */
interface RawPdfium {
  FPDF_InitLibraryWithConfig: (config: number) => void
  FPDF_LoadMemDocument: (data: number, size: number, password: number) => number
  FPDF_GetLastError: () => number
  FPDF_CloseDocument: (document: number) => void
  FPDF_GetPageCount: (document: number) => number
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
  wasmExports: { malloc: (size: number) => number; free: (address: number) => void }
  HEAPU8: Uint8Array
  HEAPF32: Float32Array
  HEAPF64: Float64Array
  HEAP32: Int32Array
}

/**
 * PDFium as WebAssembly, with room for answers that C writes to an address. The package's own classes leave out most of
 * it, and its getText() fails ("table index is out of bounds"), so its module is called as the C interface has it.
 */
export interface Pdfium {
  raw: RawPdfium
  /** Up to eight numbers that a call writes: `take(n)` reads them after `call` was given their addresses. */
  doubles: (call: (...addresses: number[]) => unknown, count: number) => number[]
  floats: (call: (address: number) => unknown, count: number) => number[]
  /** Memory that the module holds; it never shrinks. */
  heapBytes: () => number
}

const scratchBytes = 64

/** Loads PDFium: 40 ms and 16 MB. */
export async function loadPdfium(): Promise<Pdfium> {
  const raw = toRaw(await PDFiumModule({}))
  raw.FPDF_InitLibraryWithConfig(0)
  const scratch = raw.wasmExports.malloc(scratchBytes)
  // The views are replaced whenever the memory grows, so they are looked up each time.
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
    heapBytes: () => raw.HEAPU8.length,
  }
}

/** The module's functions under their names in C; the package's types name a few of them only. */
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

const errorPassword = 4
const errorSecurity = 5

/** An open document; its bytes stay in PDFium's memory until it is closed. */
export interface PdfFile {
  handle: number
  pagesTotal: number
  close: () => void
}

export type Refusal = 'password' | 'security' | 'damaged'

/** Opens a document from its bytes, or says why not. */
export function openFile(
  { raw }: Pdfium,
  bytes: Uint8Array,
  password: string | undefined,
): PdfFile | Refusal {
  const { malloc, free } = raw.wasmExports
  const data = malloc(Math.max(1, bytes.length))
  if (data === 0) throw new Error('out of memory')
  raw.HEAPU8.set(bytes, data)
  const secret = password === undefined ? 0 : toCString(raw, password)
  const handle = raw.FPDF_LoadMemDocument(data, bytes.length, secret)
  const error = raw.FPDF_GetLastError()
  if (secret !== 0) free(secret)
  if (handle === 0) {
    free(data)
    if (error === errorPassword) return 'password'
    return error === errorSecurity ? 'security' : 'damaged'
  }
  return {
    handle,
    pagesTotal: raw.FPDF_GetPageCount(handle),
    close(): void {
      raw.FPDF_CloseDocument(handle)
      free(data)
    },
  }
}

function toCString(raw: RawPdfium, text: string): number {
  const bytes = Buffer.from(`${text}\0`)
  const address = raw.wasmExports.malloc(bytes.length)
  raw.HEAPU8.set(bytes, address)
  return address
}
