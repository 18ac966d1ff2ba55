import { maxColourPixels } from '../../../../shared/raster/decode-cost.ts'
import { sharp } from '../../../../shared/raster/sharp.ts'
import type { PagePixels } from '../opened.ts'
import { darkenColouredInk } from './coloured-ink.ts'

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
 * it, light pixels become dark: writing is often stored as white on transparent. Ink that only its colour sets off from
 * its paper becomes darker. Rejects with libvips' own error.
 */
export async function decodeGrey(pixels: PagePixels, maxMegapixels: number): Promise<GreyPixels> {
  const { data, raw } = pixels
  if (raw?.channels === 1) return { data, width: raw.width, height: raw.height }
  const { hasAlpha, hasColours } = await kindOf(pixels)
  const decode = hasColours ? decodeColoured : decodeOn
  const onWhite = await decode('white', pixels, maxMegapixels)
  const isUnseen = isPale(onWhite.data) && hasAlpha
  return isUnseen ? invert(await decode('black', pixels, maxMegapixels)) : onWhite
}

type Decode = (
  background: 'white' | 'black',
  pixels: PagePixels,
  maxMegapixels: number,
) => Promise<GreyPixels>

const decodeOn: Decode = async (background, pixels, maxMegapixels) => {
  const decoding = flattenOn(background, pixels, maxMegapixels).greyscale()
  const { data, info } = await decoding
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

const decodeColoured: Decode = async (background, pixels, maxMegapixels) => {
  const decoding = flattenOn(background, pixels, maxMegapixels)
  const { data: rgb, info } = await decoding.raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const coloured = { data: rgb, raw: { width, height, channels: 3 } } as const
  const { data: grey } = await decodeOn(background, coloured, maxMegapixels)
  darkenColouredInk({ grey, rgb, width, height })
  return { data: grey, width, height }
}

const flattenOn = (
  background: 'white' | 'black',
  { data, page, raw }: PagePixels,
  maxMegapixels: number,
) =>
  sharp(data, {
    ...(raw === undefined ? { page: page ?? 0 } : { raw }),
    limitInputPixels: maxMegapixels * 1e6,
    // 'warning' rejects sound scans with odd metadata; 'none' silently turns a truncated page into grey.
    failOn: 'error',
  })
    .flatten({ background })
    .timeout({ seconds: decodeSeconds })

/** Looks for transparency, and for red, green and blue of 8 bits. */
async function kindOf({ data, raw, page = 0 }: PagePixels) {
  if (raw !== undefined) {
    const { width, height, channels } = raw
    const hasColours = channels >= 3 && width * height <= maxColourPixels
    return { hasAlpha: channels === 2 || channels === 4, hasColours }
  }
  const { width, height, hasAlpha, space, depth } = await sharp(data, {
    page,
    limitInputPixels: false,
  }).metadata()
  const hasColours = space === 'srgb' && depth === 'uchar' && width * height <= maxColourPixels
  return { hasAlpha, hasColours }
}

/** A page on which white writing was flattened has no pixel darker than this. */
const minPaper = 224

export const isPale = (data: Uint8Array): boolean => data.every((value) => value > minPaper)

const invert = ({ data, width, height }: GreyPixels): GreyPixels => ({
  data: data.map((value) => 255 - value),
  width,
  height,
})
