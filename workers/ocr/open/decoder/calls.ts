import type { ReadableType } from '../../../../shared/files/media-types.ts'
import type { ExifOrientation, PagePicture, PictureSize } from '../opened.ts'
import type { PdfCalls } from './pdf-calls.ts'

/** A decoded page, 8 bits a pixel, rows without padding, before `orientation` is applied. */
export interface GreyPage {
  width: number
  height: number
  dpi: number | null
  orientation: ExifOrientation
  grey: Uint8Array
}

/** The calls that the decoder's process answers. */
export interface PageDecoderCalls extends PdfCalls {
  /** Decodes the first page of an image file. */
  grey: {
    argument: { bytes: Uint8Array<ArrayBuffer>; mediaType: ReadableType; maxMegapixels: number }
    answer: GreyPage
  }
  /** Decodes the first page of an image file in colour, and scales it to this size. */
  picture: {
    argument: PictureSize & {
      bytes: Uint8Array<ArrayBuffer>
      mediaType: ReadableType
      maxMegapixels: number
    }
    answer: PagePicture
  }
}
