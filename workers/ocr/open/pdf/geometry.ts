import type { Pdfium } from './pdfium.ts'

/** A box in points of the page's own space: x to the right, y upwards. */
export interface PdfBox {
  left: number
  bottom: number
  right: number
  top: number
}

/** Display of a page: its visible part, and its rotation in quarter turns clockwise. */
export interface PageFrame {
  box: PdfBox
  quarterTurns: number
  /** As shown, points. */
  width: number
  height: number
}

export function pdfFrameOf({ raw, floats }: Pdfium, page: number): PageFrame {
  const [left = 0, top = 0, right = 0, bottom = 0] = floats(
    (address) => raw.FPDF_GetPageBoundingBox(page, address),
    4,
  )
  return {
    box: { left, bottom, right, top },
    quarterTurns: raw.FPDFPage_GetRotation(page),
    width: raw.FPDF_GetPageWidthF(page),
    height: raw.FPDF_GetPageHeightF(page),
  }
}

/**
 * Returns a function from points of the page's own space to pixels of the page as shown (the inverse of the mapping in
 * opened.ts).
 */
export function toShown({ box, quarterTurns }: PageFrame, dpi: number) {
  const scale = dpi / 72
  return (x: number, y: number): [x: number, y: number] => {
    switch (quarterTurns) {
      case 1:
        return [(y - box.bottom) * scale, (x - box.left) * scale]
      case 2:
        return [(box.right - x) * scale, (y - box.bottom) * scale]
      case 3:
        return [(box.top - y) * scale, (box.right - x) * scale]
      default:
        return [(x - box.left) * scale, (box.top - y) * scale]
    }
  }
}

/** A matrix in PDF's form: x' = a x + c y + e, y' = b x + d y + f. */
export type PdfMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export const identity: PdfMatrix = [1, 0, 0, 1, 0, 0]

/** Applies `inner` first, then `outer`. */
export const combine = (inner: PdfMatrix, outer: PdfMatrix): PdfMatrix => [
  inner[0] * outer[0] + inner[1] * outer[2],
  inner[0] * outer[1] + inner[1] * outer[3],
  inner[2] * outer[0] + inner[3] * outer[2],
  inner[2] * outer[1] + inner[3] * outer[3],
  inner[4] * outer[0] + inner[5] * outer[2] + outer[4],
  inner[4] * outer[1] + inner[5] * outer[3] + outer[5],
]

/** The box of the transformed unit square: an image is painted into it. */
export function unitBox([a, b, c, d, e, f]: PdfMatrix): PdfBox {
  const xs = [e, e + a, e + c, e + a + c]
  const ys = [f, f + b, f + d, f + b + d]
  return {
    left: Math.min(...xs),
    bottom: Math.min(...ys),
    right: Math.max(...xs),
    top: Math.max(...ys),
  }
}

export const areaOf = ({ left, bottom, right, top }: PdfBox): number =>
  Math.max(0, right - left) * Math.max(0, top - bottom)

export const intersect = (one: PdfBox, other: PdfBox): PdfBox => ({
  left: Math.max(one.left, other.left),
  bottom: Math.max(one.bottom, other.bottom),
  right: Math.min(one.right, other.right),
  top: Math.min(one.top, other.top),
})
