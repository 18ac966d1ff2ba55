import { sharp } from '../../../shared/raster/sharp.ts'
import type { OpenedPage } from '../open/opened.ts'
import { decodeGrey } from '../open/raster/decode-grey.ts'
import { scaledSize, type Grey } from './grey.ts'
import { turn, turnOf, type Turn } from './turn.ts'
import type { PageSize } from './mapping.ts'

/** A page's grey pixels, upright according to its file, and the turn that made them so. */
interface DecodedPage {
  grey: Grey
  /** Size of the given page. */
  size: PageSize
  turn: Turn
}

/** Decodes a page and turns it as its file says. Rejects with libvips' own error. */
export async function decodePage(
  { pixels, orientation, width, height }: Extract<OpenedPage, { kind: 'pixels' }>,
  maxMegapixels: number,
): Promise<DecodedPage> {
  const how = turnOf(orientation)
  const grey = turn(await decodeGrey(pixels, maxMegapixels), how)
  return { grey, size: { width, height }, turn: how }
}

/** Scales a grey image by `across` and `down`. */
export async function scaleGrey(image: Grey, across: number, down: number): Promise<Grey> {
  if (across === 1 && down === 1) return image
  const { data: pixels, width, height } = image
  const { data, info } = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .resize({ ...scaledSize(image, across, down), fit: 'fill' })
    .greyscale()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
