import type { BBox, Block } from '../../../shared/contract/result/layout.ts'
import type { PageWarning } from '../../../shared/contract/result/page.ts'
import type { TextReason } from '../../../shared/contract/text-source.ts'
import type { ReadableType } from '../../../shared/files/media-types.ts'

/** Input of sharp: `sharp(data, { raw, page })`. */
export interface PagePixels {
  /** Encoded, or (with `raw`) rows of 8-bit samples without padding. */
  data: Buffer
  /** 1 = grey, 2 = grey and alpha, 3 = RGB, 4 = RGBA (alpha not premultiplied). */
  raw?: { width: number; height: number; channels: 1 | 2 | 3 | 4 }
  /** Index of the image in an encoded file, from 0. */
  page?: number
}

/** EXIF's eight orientations: 1 is upright, 6 needs a clockwise turn by 90 degrees. */
export type ExifOrientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** Converts any value in a file; an invalid orientation is upright. */
export function toOrientation(value: number | undefined): ExifOrientation {
  switch (value) {
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
      return value
    default:
      return 1
  }
}

/** The text of a PDF page itself; boxes and baselines in pixels of the page as shown. */
export interface PdfPageText {
  text: string
  blocks: Block[]
}

/**
 * One page, ready for preparation. `width` and `height` are the stored pixels, before `orientation` is applied; all
 * results use these pixels.
 *
 * A PDF page is given as a viewer shows it, its /Rotate applied and cut to its CropBox (MediaBox where it has none):
 * pixel (0, 0) is the top left corner of the visible part, `orientation` is 1, and a pixel is 72 / `dpi` points wide
 * and high. With `x`, `y` in pixels, `u = x * 72 / dpi`, `v = y * 72 / dpi`, and the CropBox `[left, bottom, right,
 * top]`, the point in the page's own space is, by /Rotate (clockwise): 0 → (left + u, top - v) · 90 → (left + v, bottom
 * + u) · 180 → (right - u, bottom + v) · 270 → (right - v, top - u). (UserUnit is ignored on both sides: `dpi` counts
 * pixels per 72 units of the page's space.)
 */
interface PageGeometry {
  width: number
  height: number
  /**
   * The file's own resolution, or the resolution a PDF page was rendered at; null where the file gives no plausible
   * one.
   */
  dpi: number | null
  orientation: ExifOrientation
  /** The reason why a PDF page's own text is taken or not; missing for images. */
  reason?: TextReason
  /** Known defects of the page as it was opened. */
  warnings?: readonly PageWarning[]
}

/** Text of a part of a PDF page. */
export interface OwnText {
  layer: PdfPageText
  /** Exact text is not painted in the page's pixels. Other text is, and holds only if the reading confirms it. */
  isExact: boolean
}

/**
 * `pixels`: must be read, but for its `own` text; `shown` are the boxes of the words that a PDF page shows as text, if it
 * is read all the same. `layer`: its own text is sound; `pictures` are the pictures on it that
 * have no text, alone on a page of the same size.
 */
export type OpenedPage =
  | (PageGeometry & { kind: 'pixels'; pixels: PagePixels; own?: OwnText; shown?: BBox[] })
  | (PageGeometry & { kind: 'layer'; layer: PdfPageText; pictures?: PagePixels })

/** Pixels. */
export interface PictureSize {
  width: number
  height: number
}

/** A page as people see it, for display: RGB, 8 bits a sample, rows without padding, in the stored pixels' orientation. */
export interface PagePicture {
  width: number
  height: number
  rgb: Uint8Array
}

/** An open document. Pages are numbered from 1. */
export interface OpenedDocument {
  /** Derived from the content. */
  mediaType: string
  pagesTotal: number
  /** Memory that the open document uses, bytes. */
  bytesHeld: number
  /** True once it is unusable because its decoder process ended. It must be opened again. */
  isLost(): boolean
  /**
   * Throws a `ScriptoriumError` about this page alone: `corrupt_image`, `corrupt_pdf`, `unsupported_encoding`,
   * `too_many_pixels`, `too_much_memory`, `decode_timeout`, `decoder_failed`. Messages follow the page's name.
   */
  page(number: number, wishes: PageWishes): Promise<OpenedPage>
  /** A page in colour, in exactly this size. Throws the errors of `page`. */
  picture(number: number, size: PictureSize): Promise<PagePicture>
  /** Releases everything. Never rejects. */
  close(): Promise<void>
}

/** The part of a recipe that concerns opening a page. */
export interface PageWishes {
  /** Resolution for pages that have none of their own; 0 for the default. */
  dpi: number
  pdfText: 'auto' | 'skip' | 'force'
}

export interface OpenLimits {
  maxPages: number
  maxMegapixels: number
  /** Maximum time of opening a document or decoding a page, milliseconds. */
  decodeMs: number
  /** Memory limit of the decoder's process, bytes. */
  decodeBytes: number
}

/**
 * Opens a document of one format. Throws a `ScriptoriumError` whose message follows the file's name:
 * `unsupported_type`, `corrupt_image`, `corrupt_pdf`, `no_pages`, `too_many_pages`, `password_required`,
 * `password_wrong`, `too_much_memory`, `decode_timeout`, `decoder_failed`.
 */
export type Opener = (
  bytes: Buffer,
  options: { mediaType: ReadableType; limits: OpenLimits; password: string | undefined },
) => Promise<OpenedDocument>
