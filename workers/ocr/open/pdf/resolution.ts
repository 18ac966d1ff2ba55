import type { PdfImage } from './images.ts'

/** Resolution of a page without a scan, and the bounds for a page with one. */
const defaultDpi = 300
const minDpi = 10
const maxDpi = 600
/** An image that covers this share of a page makes it a scan; so do several images together (stripes or layers). */
const scanShare = 0.5

/**
 * Chooses the resolution of a rendered page: that of its scan, else `wishedDpi`, else 300; less where the page would
 * exceed `maxMegapixels`. `width` and `height` are the page as shown, in points.
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

/** Returns the images that make a page a scan: large ones, or many that cover it together (stripes). */
export function scansOf(images: readonly PdfImage[]): readonly PdfImage[] {
  const large = images.filter(({ share }) => share >= scanShare)
  if (large.length > 0) return large
  const together = images.reduce((sum, { share }) => sum + share, 0)
  return together >= scanShare ? images : []
}

const clamp = (dpi: number): number => Math.min(maxDpi, Math.max(minDpi, dpi))
