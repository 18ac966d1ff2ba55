import { deflateSync } from 'node:zlib'
import type { Sharp } from 'sharp'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import type { Picture } from '../../decoder/picture.ts'
import { readPng } from './png.ts'
import { readTiffImage } from './tiff.ts'

/** The properties of pixels that decide their smallest form. */
interface Content {
  height: number
  isBilevel: boolean
  isGrey: boolean
  /** Samples have 16 bits. */
  isDeep: boolean
  hasAlpha: boolean
  /** Colours may be few enough for a palette. */
  mayHavePalette: boolean
  profile?: Uint8Array | undefined
  /** Of zlib: 6 takes a third of the time of 9, and leaves photographs 4 % larger. */
  compressionLevel: 6 | 9
}

/**
 * Compresses pixels losslessly in the smallest form: a fax or one bit per pixel, a palette, grey or RGB. All forms are
 * made by libvips and cut out of its files, except a palette: libvips quantises colours for one. `open` opens an image
 * of one page, not turned: `clone` would copy its data each time.
 */
export async function compressLossless(
  open: () => Sharp,
  content: Content,
): Promise<Picture | undefined> {
  const { isBilevel, mayHavePalette, hasAlpha, compressionLevel } = content
  if (isBilevel) return asBilevel(open, content)
  if (mayHavePalette) {
    const indexed = toIndexed(await pixelsOf(open()), compressionLevel)
    if (indexed !== undefined) return indexed
  }
  const picture = await asPng(open().removeAlpha(), content)
  if (picture === undefined || !hasAlpha) return picture
  // The last channel is the alpha, in 8 bits: a reader needs no more.
  const alpha = open().ensureAlpha().extractChannel('alpha').toColourspace('b-w')
  const mask = readPng(await alpha.png({ ...pngOptions, compressionLevel }).toBuffer())
  return mask === undefined ? picture : { ...picture, mask }
}

const pngOptions = { adaptiveFiltering: true, progressive: false, palette: false }
/** Two colours without a palette are one bit per pixel. */
const bilevelOptions = { colours: 2, palette: false, adaptiveFiltering: false }

async function asPng(
  image: Sharp,
  { isGrey, isDeep, profile, compressionLevel }: Content,
): Promise<Picture | undefined> {
  const space = isGrey ? (isDeep ? 'grey16' : 'b-w') : isDeep ? 'rgb16' : 'srgb'
  const png = image.toColourspace(space).png({ ...pngOptions, compressionLevel })
  return readPng(await png.toBuffer(), profile)
}

/** A fax is smallest for text, at 60 % of a PNG, and may be larger than the pixels for dots. */
async function asBilevel(open: () => Sharp, content: Content): Promise<Picture | undefined> {
  const { compressionLevel } = content
  const grey = (): Sharp => open().toColourspace('b-w')
  const png = grey().png({ ...bilevelOptions, compressionLevel })
  const forms = [await asFax(grey(), content), readPng(await png.toBuffer())]
  return forms.reduce((best, form) => (sizeOf(form) < sizeOf(best) ? form : best))
}

const sizeOf = (picture: Picture | undefined): number =>
  picture?.data.reduce((sum, { length }) => sum + length, 0) ?? Number.POSITIVE_INFINITY

/** Undefined where libtiff makes more than one strip. */
async function asFax(image: Sharp, { height }: Content): Promise<Picture | undefined> {
  const rows = Math.ceil(height / 16) * 16
  const options = {
    compression: 'ccittfax4',
    bitdepth: 1,
    tileHeight: rows,
    tileWidth: 256,
  } as const
  const tiff = await image.tiff(options).toBuffer()
  const first = readTiff(tiff, 1).page(0)
  return first && readTiffImage(tiff, first)
}

/** Pixels of 8-bit samples; the last of four channels is the alpha. */
interface Colours {
  width: number
  height: number
  channels: 3 | 4
  samples: Uint8Array
}

async function pixelsOf(image: Sharp): Promise<Colours> {
  const rgba = image.toColourspace('srgb').ensureAlpha().raw()
  const { data, info } = await rgba.toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, channels: 4, samples: data }
}

const maxColours = 256
const opaque = 0xff

/**
 * A picture of few colours: one byte per pixel and a palette. Undefined where it has more, or is transparent anywhere.
 */
export function toIndexed(
  { width, height, channels, samples }: Colours,
  level: number,
): Picture | undefined {
  const known = new Map<number, number>()
  const indexes = new Uint8Array(width * height)
  for (let pixel = 0, at = 0; pixel < indexes.length; pixel += 1, at += channels) {
    if (channels === 4 && samples[at + 3] !== opaque) return undefined
    const [red = 0, green = 0, blue = 0] = [samples[at], samples[at + 1], samples[at + 2]]
    const colour = (red << 16) | (green << 8) | blue
    let index = known.get(colour)
    if (index === undefined) {
      if (known.size === maxColours) return undefined
      index = known.size
      known.set(colour, index)
    }
    indexes[pixel] = index
  }
  const palette = Buffer.alloc(3 * known.size)
  for (const [colour, index] of known) palette.writeUIntBE(colour, 3 * index, 3)
  const colour = { kind: 'indexed', palette } as const
  const data = [deflateSync(indexes, { level })]
  return { width, height, colour, bits: 8, entries: '/Filter/FlateDecode', data }
}
