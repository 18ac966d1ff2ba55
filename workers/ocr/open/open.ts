import { readableTypeOf, type ReadableType } from '../../../shared/media-types.ts'
import { openImage } from './image.ts'
import type { OpenedDocument, Opener, OpenLimits } from './opened.ts'
import { createJp2Opener } from './raster/jp2.ts'
import { createRasterOpeners } from './raster/openers.ts'
import { createPdfOpener } from './pdf/pdf.ts'

/**
 * Opens documents of every kind that is read, each with its opener; kinds that need a thread start it with their first file.
 * `open` throws what an `Opener` throws; messages go after the file's name.
 */
export function createOpeners(limits: OpenLimits) {
  const pdf = createPdfOpener()
  const raster = createRasterOpeners()
  const openers: Record<ReadableType, Opener> = {
    'image/jpeg': openImage,
    'image/png': openImage,
    'image/webp': openImage,
    'image/gif': openImage,
    'image/avif': openImage,
    'image/tiff': raster.openTiff,
    'image/bmp': raster.openBmp,
    'image/x-portable-anymap': raster.openPnm,
    'image/jp2': createJp2Opener(pdf.open),
    'application/pdf': pdf.open,
  }
  return {
    async open(bytes: Buffer, password: string | undefined): Promise<OpenedDocument> {
      const mediaType = await readableTypeOf(bytes)
      return openers[mediaType](bytes, { mediaType, limits, password })
    },
    async close(): Promise<void> {
      await pdf.close()
      await raster.close()
    },
  }
}

export type Openers = ReturnType<typeof createOpeners>
