import sharp from 'sharp'
import type { OpenedPage, PagePixels } from '../open/opened.ts'
import type { Grey } from './grey.ts'
import { turn, turnOf, type Turn } from './turn.ts'
import type { Size } from './place.ts'

/** A page's grey pixels, upright as far as the file tells, and what it took to put them so. */
export interface DecodedPage {
  grey: Grey
  /** As the page was given. */
  size: Size
  turn: Turn
}

/** Decoding longer than this is an attack or a mistake, seconds. */
const decodeSeconds = 60

/**
 * Decodes a page: transparency becomes paper, colours become grey. Paper is white, or, where nothing would be seen on it, what
 * is light becomes dark: writing is often stored white on nothing. Rejects with libvips' own error.
 */
export async function decodePage(
  { pixels, orientation, width, height }: Extract<OpenedPage, { kind: 'pixels' }>,
  maxMegapixels: number,
): Promise<DecodedPage> {
  const onWhite = await decodeOn('white', pixels, maxMegapixels)
  const isUnseen = isPale(onWhite.data) && (await hasAlpha(pixels))
  const grey = isUnseen ? invert(await decodeOn('black', pixels, maxMegapixels)) : onWhite
  const how = turnOf(orientation)
  return { grey: turn(grey, how), size: { width, height }, turn: how }
}

async function decodeOn(
  background: 'white' | 'black',
  pixels: PagePixels,
  maxMegapixels: number,
): Promise<Grey> {
  const { data, info } = await sharp(pixels.data, {
    ...(pixels.raw === undefined ? { page: pixels.page ?? 0 } : { raw: pixels.raw }),
    limitInputPixels: maxMegapixels * 1e6,
    // 'warning' refuses sound scans with odd metadata, 'none' turns a cut-off page into grey without a word.
    failOn: 'error',
  })
    .flatten({ background })
    .greyscale()
    .timeout({ seconds: decodeSeconds })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** Nothing is darker than this on a page that white writing was laid on. */
const palest = 224

const isPale = (data: Uint8Array): boolean => data.every((value) => value > palest)

async function hasAlpha({ data, raw, page = 0 }: PagePixels): Promise<boolean> {
  if (raw !== undefined) return raw.channels === 2 || raw.channels === 4
  return (await sharp(data, { page, limitInputPixels: false }).metadata()).hasAlpha
}

const invert = ({ data, width, height }: Grey): Grey => ({
  data: data.map((value) => 255 - value),
  width,
  height,
})

/** Scales a grey image by `across` and `down`. */
export async function scaleGrey(image: Grey, across: number, down: number): Promise<Grey> {
  if (across === 1 && down === 1) return image
  const { data: pixels, width, height } = image
  const { data, info } = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .resize(Math.max(1, Math.round(width * across)), Math.max(1, Math.round(height * down)), {
      fit: 'fill',
    })
    .greyscale()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
