import { sharp } from '../../../../shared/raster/sharp.ts'
import {
  isSquare,
  pixelShapeOf,
  type PixelShape,
} from '../../../../shared/raster/headers/pixel-shape.ts'
import { decodeGrey } from './decode-grey.ts'
import { makePageDecodable } from './decodable.ts'
import type { PageDecoderCalls, GreyPage } from '../decoder/calls.ts'
import { corrupt } from '../image.ts'

/**
 * Decodes the first page of an image file to grey, with square pixels, in the decoder's process. Throws the errors of an
 * `OpenedDocument`.
 */
export async function decodeToGrey({
  bytes,
  mediaType,
  maxMegapixels,
}: PageDecoderCalls['grey']['argument']): Promise<GreyPage> {
  const data = Buffer.from(bytes.buffer)
  const { pixels, ...page } = await makePageDecodable(data, mediaType, maxMegapixels)
  const { data: grey } = await decodeGrey(pixels, maxMegapixels).catch((thrown: unknown) => {
    throw corrupt(thrown)
  })
  return makeSquare({ ...page, grey }, pixelShapeOf(data, mediaType), maxMegapixels)
}

/** Enlarges the coarser side, or, where the limit forbids that, reduces the finer one. */
async function makeSquare(
  page: GreyPage,
  shape: PixelShape,
  maxMegapixels: number,
): Promise<GreyPage> {
  if (isSquare(shape)) return page
  const { across, down } = shape
  const isTooLarge = page.width * across * page.height * down > maxMegapixels * 1e6
  const less = isTooLarge ? 1 / Math.max(across, down) : 1
  const width = Math.max(1, Math.round(page.width * across * less))
  const height = Math.max(1, Math.round(page.height * down * less))
  const raw = { width: page.width, height: page.height, channels: 1 } as const
  const grey = await sharp(page.grey, { raw, limitInputPixels: false })
    .resize(width, height, { fit: 'fill' })
    .toColourspace('b-w')
    .raw({ depth: 'uchar' })
    .toBuffer()
  const dpi = page.dpi === null ? null : page.dpi * across * less
  return { ...page, width, height, grey, dpi }
}
