import { ScriptoriumError, toError } from '../../../../../shared/errors.ts'
import { readTiff } from '../../../../../shared/raster/tiff-directory.ts'
import type { PageImage, Picture } from './image.ts'
import { readJpeg } from './jpeg.ts'
import { readJpeg2000 } from './jpeg2000.ts'
import { onRasterThread, owned } from './on-raster-thread.ts'
import { readPng } from './png.ts'
import { decode, recompress } from './recompress.ts'
import { readTiffPage } from './tiff-page.ts'

/** The pictures of a file of images. Pages count from 1. */
export interface Images {
  pagesTotal: number
  /**
   * To be asked for a page once: of a picture that is large beside the memory its file is let go of. Throws
   * `ScriptoriumError` where the page cannot be shown; its message goes after the page's name.
   */
  page: (number: number) => Promise<PageImage>
}

/** Opens a file of images by its kind; what a PDF takes as it is stays as it is, all else is compressed without loss. */
export function openImages(bytes: Buffer, mediaType: string | null): Images {
  const tiff = mediaType === 'image/tiff' ? readTiff(bytes, mostImages) : undefined
  return {
    pagesTotal: Math.max(1, tiff?.directories.length ?? 1),
    async page(number) {
      try {
        const picture = await (tiff === undefined
          ? readPicture(bytes, mediaType)
          : readTiffPage(tiff, number - 1))
        if (picture !== undefined) return picture
      } catch (thrown) {
        const reason = toError(thrown).message
        throw new ScriptoriumError('corrupt_image', `cannot be shown (${reason})`, {
          cause: thrown,
        })
      }
      throw new ScriptoriumError('corrupt_image', 'cannot be shown')
    },
  }
}

const mostImages = 100_000

/** The picture of a file that has one. */
async function readPicture(
  bytes: Buffer,
  mediaType: string | null,
): Promise<PageImage | undefined> {
  switch (mediaType) {
    case 'image/jp2':
    case 'image/jpx':
    case 'image/j2c':
      return upright(readJpeg2000(bytes)) ?? recompress(bytes)
    case 'image/bmp':
      return upright(await decodeOnThread('bmp', bytes))
    case 'image/x-portable-anymap':
      return upright(await decodeOnThread('pnm', bytes))
    case 'image/jpeg':
      return (await readAsItIs(bytes, readJpeg)) ?? recompress(bytes)
    case 'image/png':
      return (await readAsItIs(bytes, readPng)) ?? recompress(bytes)
    default:
      return recompress(bytes)
  }
}

const upright = (picture: Picture | undefined): PageImage | undefined =>
  picture && { ...picture, orientation: 1 }

function decodeOnThread(kind: 'bmp' | 'pnm', given: Buffer): Promise<Picture> {
  const bytes = owned(given)
  return onRasterThread(kind, { bytes }, bytes.buffer)
}

async function readAsItIs(
  bytes: Buffer,
  read: typeof readJpeg | typeof readPng,
): Promise<PageImage | undefined> {
  const { orientation = 1, icc } = await (await decode(bytes)).metadata()
  const picture = read(bytes, icc)
  return picture && { ...picture, orientation }
}
