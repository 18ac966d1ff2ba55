import { sharp } from '../../../../shared/raster/sharp.ts'
import type { PagePixels } from '../opened.ts'

/** Grey pixels, 8 bits each, rows without padding. */
interface GreyPixels {
  data: Uint8Array
  width: number
  height: number
}

/** Decoding longer than this is an attack or a mistake, seconds. */
const decodeSeconds = 60

/**
 * Decodes pixels: transparency becomes paper, colours become grey. Paper is white; where nothing would be visible on
 * it, light pixels become dark: writing is often stored as white on transparent. Rejects with libvips' own error.
 */
export async function decodeGrey(pixels: PagePixels, maxMegapixels: number): Promise<GreyPixels> {
  const { data, raw } = pixels
  if (raw?.channels === 1) return { data, width: raw.width, height: raw.height }
  const onWhite = await decodeOn('white', pixels, maxMegapixels)
  const isUnseen = isPale(onWhite.data) && (await hasAlpha(pixels))
  return isUnseen ? invert(await decodeOn('black', pixels, maxMegapixels)) : onWhite
}

async function decodeOn(
  background: 'white' | 'black',
  pixels: PagePixels,
  maxMegapixels: number,
): Promise<GreyPixels> {
  const { data, info } = await sharp(pixels.data, {
    ...(pixels.raw === undefined ? { page: pixels.page ?? 0 } : { raw: pixels.raw }),
    limitInputPixels: maxMegapixels * 1e6,
    // 'warning' rejects sound scans with odd metadata; 'none' silently turns a truncated page into grey.
    failOn: 'error',
  })
    .flatten({ background })
    .greyscale()
    .timeout({ seconds: decodeSeconds })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** A page on which white writing was flattened has no pixel darker than this. */
const minPaper = 224

const isPale = (data: Uint8Array): boolean => data.every((value) => value > minPaper)

async function hasAlpha({ data, raw, page = 0 }: PagePixels): Promise<boolean> {
  if (raw !== undefined) return raw.channels === 2 || raw.channels === 4
  return (await sharp(data, { page, limitInputPixels: false }).metadata()).hasAlpha
}

const invert = ({ data, width, height }: GreyPixels): GreyPixels => ({
  data: data.map((value) => 255 - value),
  width,
  height,
})
