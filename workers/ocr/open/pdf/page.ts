import type { BBox } from '../../../../shared/contract/result/layout.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { requireMemory } from '../decoder/cost.ts'
import type { OpenedPdfPage, PdfLimits } from '../decoder/pdf-calls.ts'
import type { PagePicture, PageWishes, PictureSize } from '../opened.ts'
import { charactersOf, type Character } from './characters.ts'
import { pdfFrameOf, toShown, type PdfBox } from './geometry.ts'
import { unsupportedCodec } from './codec.ts'
import { isDecodable, objectsOf, type PdfImage } from './images.ts'
import { ownTextOf, shownWordsOf, type OwnTextDecision } from './own-text.ts'
import type { Pdfium } from './pdfium.ts'
import { renderGray, renderRgb } from './render.ts'
import { chooseDpi, scansOf } from './resolution.ts'
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
const rgbChannels = 3

/**
 * Opens page `index` (from 0): returns its own text where the wishes allow it and the text is sound, and a picture of
 * everything else.
 */
export function openPage(
  pdfium: Pdfium,
  document: number,
  index: number,
  wishes: PageWishes & PdfLimits,
): OpenedPdfPage {
  return withPage(pdfium, document, index, (page) => {
    const frame = pdfFrameOf(pdfium, page)
    if (!(frame.width > 0 && frame.height > 0)) throw corrupt('has no area')
    const objects = objectsOf(pdfium, page, frame.box)
    const { maxMegapixels } = wishes
    const dpi = chooseDpi(frame, objects.images, { wishedDpi: wishes.dpi, maxMegapixels })
    const size = {
      width: Math.max(1, Math.round((frame.width * dpi) / 72)),
      height: Math.max(1, Math.round((frame.height * dpi) / 72)),
    }
    const place = toShown(frame, dpi)
    const images = objects.images.map((image) => ({ ...image, shown: shownBox(place, image.box) }))
    const painted = { ...objects, images }
    const characters = (): Character[] => charactersOf(pdfium, page, frame, dpi)
    const own = readOwn(wishes.pdfText, painted, size, characters)
    const opened = { dpi, ...size, reason: own.reason }
    const render = (hidden: readonly number[]): Uint8Array<ArrayBuffer> => {
      for (const object of hidden) pdfium.raw.FPDFPageObj_SetIsActive(object, 0)
      return renderGray(pdfium, page, size.width, size.height)
    }
    if (own.kind === 'whole') {
      const { layer, pictures } = own
      if (pictures.length === 0) return { ...opened, kind: 'layer', layer }
      const excess = excessOf(pictures, size, wishes)
      if (excess !== undefined) return { ...opened, kind: 'layer', layer, unread: excess }
      const wanted = new Set(pictures.map(({ object }) => object))
      const rest = images.map(({ object }) => object).filter((object) => !wanted.has(object))
      const gray = render([...objects.others, ...rest])
      const fault = codecFaultOf(pdfium, pictures) ?? damageOf(pdfium, pictures)
      return { ...opened, kind: 'layer', layer, gray, ...(fault && { unread: fault.message }) }
    }
    requireWithin(images, size, wishes)
    const gray = render(own.kind === 'part' && own.isExact ? own.objects : [])
    requirePainted(pdfium, gray, images)
    if (own.kind === 'none') {
      const shown = own.reason === 'skipped' ? shownWordsOf(characters(), painted, size) : []
      return { ...opened, kind: 'pixels', gray, ...(shown.length > 0 && { shown }) }
    }
    const { layer, isExact } = own
    return { ...opened, kind: 'pixels', gray, own: { layer, isExact } }
  })
}

/** Renders page `index` (from 0) in colour, as a viewer shows it, in the size given. */
export function drawPage(
  pdfium: Pdfium,
  document: number,
  index: number,
  { width, height, ...limits }: PictureSize & PdfLimits,
): PagePicture {
  return withPage(pdfium, document, index, (page) => {
    const { images } = objectsOf(pdfium, page, pdfFrameOf(pdfium, page).box)
    requireWithin(images, { width: width * rgbChannels, height }, limits)
    const rgb = renderRgb(pdfium, page, { width, height })
    requirePainted(pdfium, rgb, images)
    return { width, height, rgb }
  })
}

function readOwn(
  pdfText: PageWishes['pdfText'],
  objects: Parameters<typeof ownTextOf>[1],
  size: { width: number; height: number },
  characters: () => Character[],
): OwnTextDecision {
  if (pdfText === 'skip') return { kind: 'none', reason: 'skipped' }
  if (pdfText === 'auto') return ownTextOf(characters(), objects, size)
  const layer = toTextLayer(characters(), size)
  return layer.text === ''
    ? { kind: 'none', reason: 'no_text' }
    : { kind: 'whole', layer, reason: 'forced', pictures: [] }
}

type Size = { width: number; height: number }

/** Checked before anything is decoded. Throws `too_many_pixels` or `too_much_memory`. */
function requireWithin(
  images: readonly PdfImage[],
  { width, height }: Size,
  { maxMegapixels, maxBytes }: PdfLimits,
): void {
  requireDecodable(images, maxMegapixels)
  const largest = Math.max(0, ...images.map(minBytes))
  requireMemory(pdfiumBytes + largest + width * height, maxBytes)
}

/** The reason why pictures exceed the limits: a page with exact text is not refused for that. */
function excessOf(images: readonly PdfImage[], size: Size, limits: PdfLimits): string | undefined {
  try {
    requireWithin(images, size, limits)
    return undefined
  } catch (thrown) {
    if (thrown instanceof ScriptoriumError) return thrown.message
    throw thrown
  }
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

/** A small file may hold an image of any size. */
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
  if (scans.length === 0 || !isUniform(gray)) return
  const fault = codecFaultOf(pdfium, scans) ?? (gray[0] === white && damageOf(pdfium, scans))
  if (fault) throw fault
}

const isUniform = (gray: Uint8Array): boolean => gray.every((level) => level === gray[0])

/** The error of the first image in an encoding that PDFium does not support. */
function codecFaultOf(pdfium: Pdfium, images: readonly PdfImage[]): ScriptoriumError | undefined {
  for (const image of images) {
    const codec = unsupportedCodec(pdfium, image)
    if (codec === undefined) continue
    const message = `holds an image in an encoding that is not supported (${codec}); save it anew with another program`
    return new ScriptoriumError('unsupported_encoding', message)
  }
  return undefined
}

const damageOf = (pdfium: Pdfium, images: readonly PdfImage[]): ScriptoriumError | undefined =>
  images.every((image) => isDecodable(pdfium, image))
    ? undefined
    : corrupt('holds an image that cannot be decoded')

function shownBox(place: ReturnType<typeof toShown>, { left, bottom, right, top }: PdfBox): BBox {
  const [ax, ay] = place(left, bottom)
  const [bx, by] = place(right, top)
  return { x0: Math.min(ax, bx), y0: Math.min(ay, by), x1: Math.max(ax, bx), y1: Math.max(ay, by) }
}

const corrupt = (what: string): ScriptoriumError =>
  new ScriptoriumError('corrupt_pdf', `is damaged: its page ${what}`)
