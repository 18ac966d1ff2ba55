import { decodeBmp } from '../../../../shared/raster/decoders/bmp.ts'
import { decodePnm } from '../../../../shared/raster/decoders/pnm.ts'
import { unpackSamples } from '../../../../shared/raster/decoders/unpack.ts'
import { firstGifFrame } from '../../../../shared/raster/headers/gif.ts'
import type { ReadableType } from '../../../../shared/files/media-types.ts'
import { damaged, eightBits, requireSize, type Raster } from '../../../../shared/raster/raster.ts'
import { sharp } from '../../../../shared/raster/sharp.ts'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { routeOf } from '../../../../shared/raster/tiff/tiff-route.ts'
import { makeDecodable } from '../../../../shared/raster/tiff/tiff.ts'
import { corrupt, describePixels } from '../image.ts'
import { toOrientation, type ExifOrientation, type PagePixels } from '../opened.ts'

sharp.unblock({ operation: ['VipsForeignLoadNsgif', 'VipsForeignLoadHeif'] })

/** The first page of an image file in a form that sharp decodes; its size is that of the stored pixels. */
export interface DecodablePage {
  pixels: PagePixels
  width: number
  height: number
  dpi: number | null
  orientation: ExifOrientation
}

/** Converts encodings that sharp does not read. Throws the errors of an `OpenedDocument`. */
export async function makePageDecodable(
  data: Buffer,
  mediaType: ReadableType,
  maxMegapixels: number,
): Promise<DecodablePage> {
  switch (mediaType) {
    case 'image/bmp':
      return fromRaster(decodeBmp(data, maxMegapixels), 1)
    case 'image/x-portable-anymap':
      return fromRaster(decodePnm(data, maxMegapixels, eightBits), 1)
    case 'image/tiff':
      return fromTiff(data, maxMegapixels)
    case 'image/gif':
      return fromEncoded(firstGifFrame(data), maxMegapixels)
    default:
      return fromEncoded(data, maxMegapixels)
  }
}

async function fromEncoded(data: Buffer, maxMegapixels: number): Promise<DecodablePage> {
  const { width, height, dpi, orientation } = await describePixels({ data }, maxMegapixels)
  return { width, height, dpi, orientation, pixels: { data } }
}

function fromRaster(
  { samples, width, height, channels, dpi }: Raster,
  orientation: ExifOrientation,
): DecodablePage {
  const pixels = { data: Buffer.from(samples.buffer), raw: { width, height, channels } }
  return { width, height, dpi, orientation, pixels }
}

/** Converts features that libtiff does not support before decoding, and finishes the samples after it. */
async function fromTiff(given: Buffer, maxMegapixels: number): Promise<DecodablePage> {
  const tiff = readTiff(given, 1)
  const directory = tiff.page(0)
  if (directory === undefined) throw damaged('it has no page')
  if (routeOf(tiff, directory).how === 'as it is') return fromEncoded(given, maxMegapixels)
  const { file, rest } = await makeDecodable(given, maxMegapixels)
  if (rest.kind === 'nothing') return fromEncoded(file, maxMegapixels)
  const { dpi, ...page } = await describePixels({ data: file }, maxMegapixels)
  const { data, info } = await sharp(file, {
    failOn: 'error',
    limitInputPixels: maxMegapixels * 1e6,
  })
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((thrown: unknown) => {
      throw corrupt(thrown)
    })
  const { width, height } = info
  if (rest.kind === 'lightness') {
    const pixels = { data, raw: { width, height, channels: 1 } } as const
    return { width, height, dpi, orientation: page.orientation, pixels }
  }
  requireSize(rest.width, height, maxMegapixels)
  const unpacked = unpackSamples(data, { ...rest, height }, eightBits)
  return fromRaster({ ...unpacked, dpi }, toOrientation(rest.orientation))
}
