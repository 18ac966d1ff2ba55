import {
  areaOf,
  combine,
  identity,
  intersect,
  unitBox,
  type PdfBox,
  type PdfMatrix,
} from './geometry.ts'
import type { Pdfium } from './pdfium.ts'

/** An image that a page paints. */
export interface PdfImage {
  /** PDFium's handle. */
  object: number
  /** Its own size in pixels. */
  width: number
  height: number
  /** One bit a pixel, judged by its compression. */
  isBilevel: boolean
  /** The part of the page that it covers, and the covered share of the page, 0 to 1. */
  box: PdfBox
  share: number
  /** Pixels per inch of the page, along its finer side. */
  dpi: number
  /** Its place in the order of painting, and whether something below it shows through. */
  order: number
  isTransparent: boolean
}

/** The objects that a page paints, by PDFium's handles. */
export interface PaintedObjects {
  images: PdfImage[]
  /** Places of the text objects in the order of painting. */
  textOrder: ReadonlyMap<number, number>
  /** Everything that is no image and no form. */
  others: readonly number[]
}

const objectText = 1
const objectImage = 3
const objectForm = 5
/** A scan has no deeper nesting and no more objects; a form that contains itself would never end. */
const maxDepth = 8
const maxObjects = 20_000

/** Returns the objects of a page, including those inside forms. Decodes nothing. */
export function objectsOf(pdfium: Pdfium, page: number, visible: PdfBox): PaintedObjects {
  const { raw } = pdfium
  const images: PdfImage[] = []
  const textOrder = new Map<number, number>()
  const others: number[] = []
  let left = maxObjects
  const visit = (object: number, outer: PdfMatrix, depth: number): void => {
    left -= 1
    if (object === 0 || left < 0) return
    const order = maxObjects - left
    const type = raw.FPDFPageObj_GetType(object)
    if (type === objectImage) {
      const matrix = combine(matrixOf(pdfium, object), outer)
      const image = describe(pdfium, object, matrix, visible, order)
      if (image !== undefined) images.push(image)
    } else if (type === objectForm) {
      const inner = combine(matrixOf(pdfium, object), outer)
      const count = depth < maxDepth ? Math.min(left, raw.FPDFFormObj_CountObjects(object)) : 0
      for (let index = 0; index < count; index += 1) {
        visit(raw.FPDFFormObj_GetObject(object, index), inner, depth + 1)
      }
    } else {
      if (type === objectText) textOrder.set(object, order)
      others.push(object)
    }
  }
  const count = Math.min(left, raw.FPDFPage_CountObjects(page))
  for (let index = 0; index < count; index += 1) {
    visit(raw.FPDFPage_GetObject(page, index), identity, 0)
  }
  return { images, textOrder, others }
}

function matrixOf({ raw, floats }: Pdfium, object: number): PdfMatrix {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = floats(
    (address) => raw.FPDFPageObj_GetMatrix(object, address),
    6,
  )
  return [a, b, c, d, e, f]
}

function describe(
  { raw, doubles }: Pdfium,
  object: number,
  matrix: PdfMatrix,
  visible: PdfBox,
  order: number,
): PdfImage | undefined {
  let width = 0
  let height = 0
  // The results are two 32-bit integers, read from the buffer of `doubles`.
  doubles((first = 0) => {
    raw.FPDFImageObj_GetImagePixelSize(object, first, first + 4)
    width = raw.HEAP32[first / 4] ?? 0
    height = raw.HEAP32[first / 4 + 1] ?? 0
  }, 1)
  const across = Math.hypot(matrix[0], matrix[1])
  const down = Math.hypot(matrix[2], matrix[3])
  if (width < 1 || height < 1 || across === 0 || down === 0) return undefined
  const box = intersect(unitBox(matrix), visible)
  const dpi = 72 * Math.max(width / across, height / down)
  const share = areaOf(box) / Math.max(areaOf(visible), 1e-9)
  const isTransparent = raw.FPDFPageObj_HasTransparency(object) === 1
  const bilevel = isBilevel(raw, object)
  return { object, width, height, isBilevel: bilevel, box, share, dpi, order, isTransparent }
}

function isBilevel(raw: Pdfium['raw'], object: number): boolean {
  const filter = filterOf(raw, object)
  return filter === 'CCITTFaxDecode' || filter === 'JBIG2Decode'
}

/** The last filter is the image's own compression; undefined where it has none. */
export function filterOf(raw: Pdfium['raw'], object: number): string | undefined {
  const count = raw.FPDFImageObj_GetImageFilterCount(object)
  if (count < 1) return undefined
  const room = 32
  const address = raw.wasmExports.malloc(room)
  try {
    const length = raw.FPDFImageObj_GetImageFilter(object, count - 1, address, room)
    if (length > room) return undefined // Longer than the name of any filter.
    return Buffer.from(raw.HEAPU8.subarray(address, address + Math.max(0, length - 1))).toString(
      'latin1',
    )
  } finally {
    raw.wasmExports.free(address)
  }
}

/** Whether PDFium can decode an image; it silently paints a page without an image that it cannot decode. */
export function isDecodable({ raw }: Pdfium, { object }: PdfImage): boolean {
  const bitmap = raw.FPDFImageObj_GetBitmap(object)
  if (bitmap !== 0) raw.FPDFBitmap_Destroy(bitmap)
  return bitmap !== 0
}
