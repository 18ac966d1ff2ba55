import { toError } from '../../../../shared/process/errors.ts'
import { sharp } from '../../../../shared/raster/sharp.ts'
import type { PageDecoderCalls } from '../decoder/calls.ts'
import { corrupt } from '../image.ts'
import type { PagePicture, PagePixels, PictureSize } from '../opened.ts'
import { isPale } from './decode-grey.ts'
import { makePageDecodable } from './decodable.ts'

/**
 * Decodes the first page of an image file in colour, on paper, and scales it, in the decoder's process. Throws the errors
 * of an `OpenedDocument`.
 */
export async function decodeToPicture({
  bytes,
  mediaType,
  maxMegapixels,
  ...size
}: PageDecoderCalls['picture']['argument']): Promise<PagePicture> {
  const { pixels } = await makePageDecodable(Buffer.from(bytes.buffer), mediaType, maxMegapixels)
  try {
    const onWhite = await drawOn('white', pixels, size, maxMegapixels)
    const isUnseen = isPale(onWhite) && (await hasAlpha(pixels))
    const rgb = isUnseen ? await drawOn('black', pixels, size, maxMegapixels) : onWhite
    return { ...size, rgb }
  } catch (thrown) {
    throw corrupt(toError(thrown))
  }
}

async function drawOn(
  background: 'white' | 'black',
  { data, raw }: PagePixels,
  { width, height }: PictureSize,
  maxMegapixels: number,
): Promise<Uint8Array> {
  const options = { limitInputPixels: maxMegapixels * 1e6, failOn: 'error' } as const
  return sharp(data, { ...options, ...(raw && { raw }) })
    .flatten({ background })
    .resize(width, height, { fit: 'fill' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer()
}

async function hasAlpha({ data, raw }: PagePixels): Promise<boolean> {
  if (raw !== undefined) return raw.channels === 2 || raw.channels === 4
  return (await sharp(data, { limitInputPixels: false }).metadata()).hasAlpha
}
