import type { PictureSize } from '../opened.ts'
import type { Pdfium } from './pdfium.ts'

const formatGray = 1
const formatBgr = 2
const white = 0xffffffff
const flagAnnotations = 0x01
const flagGray = 0x08
/** FPDF_REVERSE_BYTE_ORDER */
const flagRedFirst = 0x10

/** Renders a page as shown, grey, 8 bits a pixel, rows without padding, on white. */
export const renderGray = (
  pdfium: Pdfium,
  page: number,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> =>
  render(pdfium, page, { width, height }, { format: formatGray, channels: 1, flags: flagGray })

/** The same in colour: red, green and blue of each pixel. */
export const renderRgb = (
  pdfium: Pdfium,
  page: number,
  size: PictureSize,
): Uint8Array<ArrayBuffer> =>
  render(pdfium, page, size, { format: formatBgr, channels: 3, flags: flagRedFirst })

interface Form {
  format: number
  channels: number
  flags: number
}

function render(
  { raw }: Pdfium,
  page: number,
  { width, height }: PictureSize,
  { format, channels, flags }: Form,
): Uint8Array<ArrayBuffer> {
  const { malloc, free } = raw.wasmExports
  const bytes = width * height * channels
  const data = malloc(bytes)
  if (data === 0) throw new Error('out of memory')
  const bitmap = raw.FPDFBitmap_CreateEx(width, height, format, data, width * channels)
  try {
    if (bitmap === 0) throw new Error('no bitmap of this size')
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, white)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flagAnnotations | flags)
    return new Uint8Array(raw.HEAPU8.subarray(data, data + bytes))
  } finally {
    if (bitmap !== 0) raw.FPDFBitmap_Destroy(bitmap)
    free(data)
  }
}
