import { readableTypeOf, type ReadableType } from '../../../shared/files/media-types.ts'
import { createPageDecoder } from './decoder/decoder.ts'
import { createImageOpener } from './image.ts'
import type { OpenedDocument, Opener, OpenLimits } from './opened.ts'
import { createJp2Opener } from './raster/jp2.ts'
import { createTiffOpener } from './raster/tiff.ts'
import { createPdfOpener } from './pdf/pdf.ts'

/**
 * Opens documents of every supported format, each with its opener; the decoder's process starts with the first file
 * that is not plain. `open` throws the errors of an `Opener`; messages follow the file's name.
 */
export function createOpeners(limits: OpenLimits) {
  const decoder = createPageDecoder(limits.decodeBytes)
  const openPdf = createPdfOpener(decoder)
  const openImage = createImageOpener(decoder)
  const openers: Record<ReadableType, Opener> = {
    'image/jpeg': openImage,
    'image/png': openImage,
    'image/webp': openImage,
    'image/gif': openImage,
    'image/avif': openImage,
    'image/tiff': createTiffOpener(decoder),
    'image/bmp': openImage,
    'image/x-portable-anymap': openImage,
    'image/jp2': createJp2Opener(openPdf),
    'application/pdf': openPdf,
  }
  return {
    async open(bytes: Buffer, password: string | undefined): Promise<OpenedDocument> {
      const mediaType = await readableTypeOf(bytes)
      return openers[mediaType](bytes, { mediaType, limits, password })
    },
    close: () => decoder.close(),
  }
}

export type Openers = ReturnType<typeof createOpeners>
