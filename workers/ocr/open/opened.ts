import type { Block } from '../../../shared/contract.ts'

/** What sharp is to begin with: `sharp(data, { raw, page })`. */
export interface PagePixels {
  /** Encoded, or (with `raw`) rows of 8-bit samples without padding. */
  data: Buffer
  /** 1 = grey, 2 = grey and alpha, 3 = RGB, 4 = RGBA (alpha not premultiplied). */
  raw?: { width: number; height: number; channels: 1 | 2 | 3 | 4 }
  /** Which image of an encoded file, from 0. */
  page?: number
}

/** EXIF's eight ways to lie: 1 is upright, 6 is to be turned clockwise by 90 degrees. */
export type ExifOrientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** Of whatever a file says; what is no orientation is upright. */
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

/** Text that a PDF page brings along; boxes and baselines in pixels of the page as it is shown. */
export interface TextLayer {
  text: string
  blocks: Block[]
}

/**
 * One page, ready to be prepared. `width` and `height` are the pixels as they are stored, before `orientation` is
 * applied; all results are in these pixels.
 *
 * A PDF page is given as a viewer shows it, its /Rotate applied and cut to its CropBox (MediaBox where it has none):
 * pixel (0, 0) is the top left corner of what is shown, `orientation` is 1, and a pixel is 72 / `dpi` points wide and high. With
 * `x`, `y` in pixels, `u = x * 72 / dpi`, `v = y * 72 / dpi`, and the CropBox `[left, bottom, right, top]`, the point in the
 * page's own space is, by /Rotate (clockwise):
 * 0 → (left + u, top - v) · 90 → (left + v, bottom + u) · 180 → (right - u, bottom + v) · 270 → (right - v, top - u).
 * (UserUnit is left out of account on both sides: `dpi` counts pixels to 72 units of the page's space.)
 */
interface PageGeometry {
  width: number
  height: number
  /** As the file tells it, or what a PDF page was rendered at; null where nothing sound is told. */
  dpi: number | null
  orientation: ExifOrientation
}

/** `pixels`: to be read. `layer`: its own text is sound, and nothing has been rendered. */
export type OpenedPage =
  | (PageGeometry & { kind: 'pixels'; pixels: PagePixels })
  | (PageGeometry & { kind: 'layer'; layer: TextLayer })

/** A document that has been opened. Pages are numbered from 1. */
export interface OpenedDocument {
  /** By content. */
  mediaType: string
  pagesTotal: number
  /** Memory that keeping it open costs, bytes. */
  bytesHeld: number
  /** True once it is of no use any more: what had it open was ended. It has to be opened anew. */
  isLost(): boolean
  /**
   * Throws a `ScriptoriumError` about this page alone: `corrupt_image`, `corrupt_pdf`, `unsupported_encoding`,
   * `too_many_pixels`, `decode_timeout`. Messages go after the page's name.
   */
  page(number: number, wishes: PageWishes): Promise<OpenedPage>
  /** Lets go of everything. Never rejects. */
  close(): Promise<void>
}

/** What the recipe says about how a page is to be opened. */
export interface PageWishes {
  /** Resolution for what has none of its own; 0 for the default. */
  dpi: number
  pdfText: 'auto' | 'skip' | 'force'
}

export interface OpenLimits {
  maxPages: number
  maxMegapixels: number
  /** Longest that opening a document, or decoding a page, may take, milliseconds. */
  decodeMs: number
}

/**
 * Opens a document of one kind. Throws a `ScriptoriumError` whose message goes after the file's name: `unsupported_type`,
 * `corrupt_image`, `corrupt_pdf`, `no_pages`, `too_many_pages`, `password_required`, `password_wrong`, `decode_timeout`.
 */
export type Opener = (
  bytes: Buffer,
  options: { mediaType: string; limits: OpenLimits; password: string | undefined },
) => Promise<OpenedDocument>
