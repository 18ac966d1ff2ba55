import type { Pdfium } from './pdfium.ts'

const formatGray = 1
const white = 0xffffffff
const flagAnnotations = 0x01
const flagGray = 0x08

/** Renders a page as shown, grey, 8 bits a pixel, rows without padding, on white. */
export function renderGray(
  { raw }: Pdfium,
  page: number,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const { malloc, free } = raw.wasmExports
  const data = malloc(width * height)
  if (data === 0) throw new Error('out of memory')
  const bitmap = raw.FPDFBitmap_CreateEx(width, height, formatGray, data, width)
  try {
    if (bitmap === 0) throw new Error('no bitmap of this size')
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, white)
    const flags = flagAnnotations | flagGray
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    return new Uint8Array(raw.HEAPU8.subarray(data, data + width * height))
  } finally {
    if (bitmap !== 0) raw.FPDFBitmap_Destroy(bitmap)
    free(data)
  }
}
