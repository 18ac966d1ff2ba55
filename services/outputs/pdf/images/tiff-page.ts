import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { enoughBits, requireSize } from '../../../../shared/raster/raster.ts'
import type { TiffDirectory, TiffFile } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { routeOf } from '../../../../shared/raster/tiff/tiff-route.ts'
import { tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import {
  makeDecodable,
  pageAlone,
  pageFile,
  type TiffPage,
} from '../../../../shared/raster/tiff/tiff.ts'
import { unpackSamples } from '../../../../shared/raster/decoders/unpack.ts'
import { encodeLab, encodeRaster } from './encode-raster.ts'
import type { PageImage, Picture } from '../../decoder/picture.ts'
import { readJpeg } from './jpeg.ts'
import { decode, recompress, type Limits } from './recompress.ts'
import { readTiffImage } from './tiff.ts'

const mediaType = 'image/tiff'

/** The picture of page `index`, from 0: its data unchanged, or its pixels compressed again. */
export async function readTiffPage(
  tiff: TiffFile,
  index: number,
  limits: Limits,
): Promise<PageImage | undefined> {
  const { bytes } = tiff
  const directory = tiff.page(index)
  if (directory === undefined) throw new ScriptoriumError('corrupt_image', 'is missing')
  const orientation = directory.first(tags.orientation) ?? 1
  const asItIs = readTiffImage(bytes, directory)
  if (asItIs !== undefined) return { ...asItIs, orientation }
  const route = routeOf(tiff, directory)
  if (route.how === 'as it is')
    return recompress({ bytes: pageFile(tiff, directory), mediaType }, limits)
  const picture =
    route.how === 'stream'
      ? await readStream(bytes.subarray(route.start, route.end), limits)
      : await finish(await rewrite(tiff, directory, limits), directory, limits)
  return picture && { ...picture, orientation }
}

/** For an old-style JPEG, the file in it. */
const readStream = async (stream: Buffer, limits: Limits): Promise<Picture | undefined> =>
  readJpeg(stream) ?? recompress({ bytes: stream, mediaType: 'image/jpeg' }, limits)

const rewrite = (tiff: TiffFile, directory: TiffDirectory, limits: Limits): Promise<TiffPage> =>
  makeDecodable(pageAlone(tiff, directory), limits.maxMegapixels)

/** Processing that libtiff's samples still need. */
async function finish(
  { file, rest }: TiffPage,
  directory: TiffDirectory,
  limits: Limits,
): Promise<Picture | undefined> {
  switch (rest.kind) {
    case 'nothing':
      return recompress({ bytes: file, mediaType }, limits)
    case 'unpack': {
      const { data, height } = await samplesOf(decode(file).extractChannel(0))
      requireSize(rest.width, height, limits.maxMegapixels)
      return encodeRaster(unpackSamples(data, { ...rest, height }, enoughBits))
    }
    case 'lightness': {
      const { data, width, height, channels } = await samplesOf(decode(file))
      if (channels !== 3)
        throw new ScriptoriumError('corrupt_image', 'L*a*b* with too many channels')
      const photometric = directory.first(tags.photometric) ?? 0
      return encodeLab({ width, height, samples: new Uint8Array(data), photometric })
    }
  }
}

async function samplesOf(image: ReturnType<typeof decode>) {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  return { data, width, height, channels }
}
