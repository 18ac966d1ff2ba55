import type { PageImage } from './image.ts'
import { compressLossless } from './lossless.ts'

/** The pixels of what sharp decodes, compressed anew without loss. Pages count from 0. */
export async function recompress(bytes: Buffer, page = 0): Promise<PageImage | undefined> {
  const image = await decode(bytes, page)
  const metadata = await image.metadata()
  const picture = await compressLossless(image, metadata)
  return picture && { ...picture, orientation: metadata.orientation ?? 1 }
}

/** sharp comes with the first picture that needs it: the process has no other use for its 30 MB. */
export async function decode(bytes: Buffer, page = 0) {
  const { default: sharp } = await import('sharp')
  // Workers have held the file to the limits before.
  return sharp(bytes, {
    page,
    limitInputPixels: false,
    unlimited: true,
    failOn: 'none',
    sequentialRead: true,
  })
}
