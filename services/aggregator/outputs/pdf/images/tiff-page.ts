import type { TiffDirectory, TiffFile } from '../../../../../shared/raster/tiff-directory.ts'
import { tags } from '../../../../../shared/raster/tiff-directory.ts'
import { routeOf } from '../../../../../shared/raster/tiff-route.ts'
import { pageAlone, type TiffPage } from '../../../../../shared/raster/tiff.ts'
import { ScriptoriumError } from '../../../../../shared/errors.ts'
import type { PageImage, Picture } from './image.ts'
import { readJpeg } from './jpeg.ts'
import { onRasterThread, owned } from './on-raster-thread.ts'
import { decode, recompress } from './recompress.ts'
import { readTiffImage } from './tiff.ts'

/** The picture of page `index`, from 0: its data as they are, or its pixels compressed anew. */
export async function readTiffPage(tiff: TiffFile, index: number): Promise<PageImage | undefined> {
  const { bytes, directories } = tiff
  const directory = directories[index]
  if (directory === undefined) throw new ScriptoriumError('corrupt_image', 'is not there')
  const orientation = directory.first(tags.orientation) ?? 1
  const asItIs = readTiffImage(bytes, directory)
  if (asItIs !== undefined) return { ...asItIs, orientation }
  const route = routeOf(tiff, directory)
  if (route.how === 'as it is') return recompress(bytes, index)
  const picture =
    route.how === 'stream'
      ? await readStream(bytes.subarray(route.start, route.end))
      : await finish(await rewrite(tiff, directory), directory)
  return picture && { ...picture, orientation }
}

/** Of an old-style JPEG the file that it holds. */
const readStream = async (stream: Buffer): Promise<Picture | undefined> =>
  readJpeg(stream) ?? recompress(stream)

function rewrite(tiff: TiffFile, directory: TiffDirectory): Promise<TiffPage> {
  const bytes = owned(pageAlone(tiff, directory))
  return onRasterThread('tiff', { bytes }, bytes.buffer)
}

/** What libtiff's samples still need to be the page's. */
async function finish(
  { file, rest }: TiffPage,
  directory: TiffDirectory,
): Promise<Picture | undefined> {
  const readable = Buffer.from(file)
  switch (rest.kind) {
    case 'nothing':
      return recompress(readable)
    case 'unpack': {
      const image = (await decode(readable)).extractChannel(0)
      const { data, height } = await samplesOf(image)
      return onRasterThread('packed', { rows: data, height, packing: rest }, data.buffer)
    }
    case 'lightness': {
      const { data, width, height, channels } = await samplesOf(await decode(readable))
      if (channels !== 3) throw new ScriptoriumError('corrupt_image', 'L*a*b* of too many channels')
      const photometric = directory.first(tags.photometric) ?? 0
      return onRasterThread('lab', { width, height, samples: data, photometric }, data.buffer)
    }
  }
}

async function samplesOf(image: Awaited<ReturnType<typeof decode>>) {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  // libvips' own memory cannot be given to a thread.
  return { data: new Uint8Array(data), width, height, channels }
}
