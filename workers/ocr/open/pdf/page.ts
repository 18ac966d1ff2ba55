import type { BBox } from '../../../../shared/contract/contract.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { requireMemory } from '../decoder/cost.ts'
import type { OpenedPdfPage, PdfLimits } from '../decoder/pdf-calls.ts'
import type { PageWishes } from '../opened.ts'
import { charactersOf } from './characters.ts'
import { pdfFrameOf, toShown, type PdfBox } from './geometry.ts'
import { imagesOf, isDecodable, type PdfImage } from './images.ts'
import type { Pdfium } from './pdfium.ts'
import { renderGray } from './render.ts'
import { chooseDpi, scansOf } from './resolution.ts'
import { isSound } from './soundness.ts'
import { toTextLayer } from './text-layer.ts'

/** PDFium's heap before it decodes anything. */
const pdfiumBytes = 20e6

/**
 * Minimum memory to decode an image: JBIG2 of 28 000 x 28 000 pixels takes 0.9 GB, an eighth of a byte plus a whole
 * byte per pixel. Only decoding shows how many channels other images have.
 */
const minBytes = ({ width, height, isBilevel }: PdfImage): number =>
  width * height * (isBilevel ? 1.1 : 1)

/** Bilevel pixels take an eighth of the memory, so this many times more of them are allowed. */
const bilevelBonus = 8
/** Draws annotations and form fields into the page, so that its text and its picture include them. */
const flattenForDisplay = 0
const white = 255

/**
 * Opens page `index` (from 0): returns its own text where the wishes allow it and the text is sound, otherwise its
 * picture.
 */
export function openPage(
  pdfium: Pdfium,
  document: number,
  index: number,
  { dpi: wishedDpi, pdfText, maxMegapixels, maxBytes }: PageWishes & PdfLimits,
): OpenedPdfPage {
  return withPage(pdfium, document, index, (page) => {
    const frame = pdfFrameOf(pdfium, page)
    if (!(frame.width > 0 && frame.height > 0)) throw corrupt('has no area')
    const images = imagesOf(pdfium, page, frame.box)
    const dpi = chooseDpi(frame, images, { wishedDpi, maxMegapixels })
    const size = {
      width: Math.max(1, Math.round((frame.width * dpi) / 72)),
      height: Math.max(1, Math.round((frame.height * dpi) / 72)),
    }
    if (pdfText !== 'skip') {
      const characters = charactersOf(pdfium, page, frame, dpi)
      const layer = toTextLayer(characters, size)
      const place = toShown(frame, dpi)
      const painted = images.map((image) => ({ ...image, shown: shownBox(place, image.box) }))
      const isTaken =
        pdfText === 'force' ? layer.text !== '' : isSound(characters, layer, painted, size)
      if (isTaken) return { kind: 'layer', layer, dpi, ...size }
    }
    requireDecodable(images, maxMegapixels)
    const largest = Math.max(0, ...images.map(minBytes))
    requireMemory(pdfiumBytes + largest + size.width * size.height, maxBytes)
    const gray = renderGray(pdfium, page, size.width, size.height)
    requirePainted(pdfium, gray, images)
    return { kind: 'pixels', gray, dpi, ...size }
  })
}

function withPage<T>(
  { raw }: Pdfium,
  document: number,
  index: number,
  work: (page: number) => T,
): T {
  const load = (): number => {
    const page = raw.FPDF_LoadPage(document, index)
    if (page === 0) throw corrupt('cannot be loaded')
    return page
  }
  let page = load()
  try {
    if (raw.FPDFPage_GetAnnotCount(page) > 0) {
      raw.FPDFPage_Flatten(page, flattenForDisplay)
      raw.FPDF_ClosePage(page) // Flattening takes effect once the page is loaded again.
      page = 0
      page = load()
    }
    return work(page)
  } finally {
    if (page !== 0) raw.FPDF_ClosePage(page)
  }
}

/** Checked before anything is decoded: a small file may hold an image of any size. */
function requireDecodable(images: readonly PdfImage[], maxMegapixels: number): void {
  for (const { width, height, isBilevel } of images) {
    const maxPixels = maxMegapixels * 1e6 * (isBilevel ? bilevelBonus : 1)
    if (width * height <= maxPixels) continue
    const limit = `SCRIPTORIUM_MAX_MEGAPIXELS=${maxMegapixels}`
    const allowed = isBilevel
      ? `${limit} allows (${bilevelBonus} times as many where black and white)`
      : limit
    throw new ScriptoriumError(
      'too_many_pixels',
      `has an image of ${width} x ${height} pixels, more than ${allowed}`,
    )
  }
}

/** A scan that cannot be decoded must not pass for an empty page. */
function requirePainted(pdfium: Pdfium, gray: Uint8Array, images: readonly PdfImage[]): void {
  const scans = scansOf(images)
  if (scans.length === 0 || gray.some((level) => level < white)) return
  if (scans.every((image) => isDecodable(pdfium, image))) return
  throw corrupt('holds an image that cannot be decoded')
}

function shownBox(place: ReturnType<typeof toShown>, { left, bottom, right, top }: PdfBox): BBox {
  const [ax, ay] = place(left, bottom)
  const [bx, by] = place(right, top)
  return { x0: Math.min(ax, bx), y0: Math.min(ay, by), x1: Math.max(ax, bx), y1: Math.max(ay, by) }
}

const corrupt = (what: string): ScriptoriumError =>
  new ScriptoriumError('corrupt_pdf', `is damaged: its page ${what}`)
