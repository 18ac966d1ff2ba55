import { deflateSync } from 'node:zlib'
import type { Metadata, Sharp } from 'sharp'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import type { Picture } from '../../decoder/picture.ts'
import { readPng } from './png.ts'
import { readTiffImage } from './tiff.ts'

const mostColours = 256

/** Compresses the pixels of an image again, losslessly; `image` has one page and is not turned. */
export async function compressLossless(
  image: Sharp,
  metadata: Metadata,
): Promise<Picture | undefined> {
  if (metadata.bitsPerSample === 1 && metadata.channels === 1) return asFax(image, metadata)
  if (metadata.isPalette || metadata.format === 'gif') {
    const indexed = await asIndexed(image)
    if (indexed !== undefined) return indexed
  }
  const picture = await asPng(image.clone().removeAlpha(), metadata)
  if (picture === undefined || !metadata.hasAlpha) return picture
  // The last channel is the alpha, in 8 bits: a reader needs no more.
  const alpha = image.clone().ensureAlpha().extractChannel('alpha').toColourspace('b-w')
  const mask = readPng(await alpha.png(pngOptions).toBuffer())
  return mask === undefined ? picture : { ...picture, mask }
}

const pngOptions = {
  compressionLevel: 9,
  adaptiveFiltering: true,
  progressive: false,
  palette: false,
}

async function asPng(
  image: Sharp,
  { depth, channels, icc }: Metadata,
): Promise<Picture | undefined> {
  const isGrey = channels <= 2
  const isDeep = depth === 'ushort'
  const space = isGrey ? (isDeep ? 'grey16' : 'b-w') : isDeep ? 'rgb16' : 'srgb'
  return readPng(await image.toColourspace(space).png(pngOptions).toBuffer(), icc)
}

/** Bilevel pixels are smallest as a fax, which libtiff encodes; undefined where it made more than one strip. */
async function asFax(image: Sharp, { height }: Metadata): Promise<Picture | undefined> {
  const rows = Math.ceil(height / 16) * 16
  const options = {
    compression: 'ccittfax4',
    bitdepth: 1,
    tileHeight: rows,
    tileWidth: 256,
  } as const
  const tiff = await image.clone().toColourspace('b-w').tiff(options).toBuffer()
  const first = readTiff(tiff, 1).page(0)
  return first && readTiffImage(tiff, first)
}

/**
 * A picture of few colours: one byte per pixel and a palette. Undefined where it has more, or is transparent anywhere.
 */
async function asIndexed(image: Sharp): Promise<Picture | undefined> {
  const { data, info } = await image
    .clone()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const indexes = new Map<number, number>()
  const pixels = Buffer.alloc(info.width * info.height)
  for (let at = 0; at < pixels.length; at++) {
    const colour = data.readUInt32BE(at * 4)
    const known = indexes.get(colour)
    const index = known ?? indexes.size
    if ((colour & 0xff) !== 0xff || index === mostColours) return undefined
    if (known === undefined) indexes.set(colour, index)
    pixels[at] = index
  }
  const palette = Buffer.alloc(indexes.size * 3)
  for (const [colour, index] of indexes) palette.writeUIntBE(colour >>> 8, index * 3, 3)
  return {
    width: info.width,
    height: info.height,
    colour: { kind: 'indexed', palette },
    bits: 8,
    entries: '/Filter/FlateDecode',
    data: [deflateSync(pixels, { level: 9 })],
  }
}
