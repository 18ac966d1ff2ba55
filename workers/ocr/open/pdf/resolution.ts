import type { PdfImage } from './images.ts'

/** What a page without a scan is rendered at, and the bounds for one with a scan. */
const defaultDpi = 300
const lowestDpi = 10
const highestDpi = 600
/** An image that covers this share of a page makes it a scan; more than one may (a page in stripes, or in layers). */
export const scanShare = 0.5

/**
 * The resolution that a page is rendered at: that of its scan, else `wishedDpi`, else 300; less where the page would
 * have more than `maxMegapixels`. `width` and `height` are the page as it is shown, points.
 */
export function chooseDpi(
  { width, height }: { width: number; height: number },
  images: readonly PdfImage[],
  { wishedDpi, maxMegapixels }: { wishedDpi: number; maxMegapixels: number },
): number {
  const scans = scansOf(images)
  const scanned = scans.length === 0 ? 0 : Math.max(...scans.map(({ dpi }) => dpi))
  const wanted = scanned > 0 ? clamp(scanned) : wishedDpi > 0 ? wishedDpi : defaultDpi
  const fitting = 72 * Math.sqrt((maxMegapixels * 1e6) / (width * height))
  return Math.round(100 * Math.min(wanted, 0.999 * fitting)) / 100
}

/** The images that make a page a scan: large ones, or many that cover it together (stripes). */
export function scansOf(images: readonly PdfImage[]): readonly PdfImage[] {
  const large = images.filter(({ share }) => share >= scanShare)
  if (large.length > 0) return large
  const together = images.reduce((sum, { share }) => sum + share, 0)
  return together >= scanShare ? images : []
}

const clamp = (dpi: number): number => Math.min(highestDpi, Math.max(lowestDpi, dpi))
