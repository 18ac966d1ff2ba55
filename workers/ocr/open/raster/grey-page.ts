import { sharp } from '../../../../shared/raster/sharp.ts'
import { decodeBmp } from '../../../../shared/raster/decoders/bmp.ts'
import { firstGifFrame } from '../../../../shared/raster/headers/gif.ts'
import { decodePnm } from '../../../../shared/raster/decoders/pnm.ts'
import { damaged, eightBits, requireSize, type Raster } from '../../../../shared/raster/raster.ts'
import {
  isSquare,
  pixelShapeOf,
  type PixelShape,
} from '../../../../shared/raster/headers/pixel-shape.ts'
import type { ReadableType } from '../../../../shared/files/media-types.ts'
import { readTiff } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { routeOf } from '../../../../shared/raster/tiff/tiff-route.ts'
import { makeDecodable } from '../../../../shared/raster/tiff/tiff.ts'
import { unpackSamples } from '../../../../shared/raster/decoders/unpack.ts'
import { decodeGrey } from './decode-grey.ts'
import type { PageDecoderCalls, GreyPage } from '../decoder/calls.ts'
import { corrupt, describePixels } from '../image.ts'
import { toOrientation, type ExifOrientation, type PagePixels } from '../opened.ts'

sharp.unblock({ operation: ['VipsForeignLoadNsgif', 'VipsForeignLoadHeif'] })

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
  const page = await decodePage(data, mediaType, maxMegapixels)
  return makeSquare(page, pixelShapeOf(data, mediaType), maxMegapixels)
}

function decodePage(
  data: Buffer,
  mediaType: ReadableType,
  maxMegapixels: number,
): Promise<GreyPage> {
  switch (mediaType) {
    case 'image/bmp':
      return fromRaster(decodeBmp(data, maxMegapixels), 1, maxMegapixels)
    case 'image/x-portable-anymap':
      return fromRaster(decodePnm(data, maxMegapixels, eightBits), 1, maxMegapixels)
    case 'image/tiff':
      return fromTiff(data, maxMegapixels)
    case 'image/gif':
      return fromEncoded(firstGifFrame(data), maxMegapixels)
    default:
      return fromEncoded(data, maxMegapixels)
  }
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

async function fromEncoded(data: Buffer, maxMegapixels: number): Promise<GreyPage> {
  const { width, height, dpi, orientation } = await describePixels({ data }, maxMegapixels)
  return { width, height, dpi, orientation, grey: await greyOf({ data }, maxMegapixels) }
}

async function fromRaster(
  { samples, width, height, channels, dpi }: Raster,
  orientation: ExifOrientation,
  maxMegapixels: number,
): Promise<GreyPage> {
  const pixels = { data: Buffer.from(samples.buffer), raw: { width, height, channels } }
  return { width, height, dpi, orientation, grey: await greyOf(pixels, maxMegapixels) }
}

/** Converts features that libtiff does not support before decoding, and finishes the samples after it. */
async function fromTiff(given: Buffer, maxMegapixels: number): Promise<GreyPage> {
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
    .catch(refuse)
  const { width, height } = info
  if (rest.kind === 'lightness') {
    return { width, height, dpi, orientation: page.orientation, grey: data }
  }
  requireSize(rest.width, height, maxMegapixels)
  const unpacked = unpackSamples(data, { ...rest, height }, eightBits)
  return fromRaster({ ...unpacked, dpi }, toOrientation(rest.orientation), maxMegapixels)
}

const greyOf = async (pixels: PagePixels, maxMegapixels: number): Promise<Uint8Array> =>
  (await decodeGrey(pixels, maxMegapixels).catch(refuse)).data

function refuse(thrown: unknown): never {
  throw corrupt(thrown)
}
