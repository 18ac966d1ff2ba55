import { ScriptoriumError, toError } from '../../../../../shared/errors.ts'
import type { PageImage, Picture } from './image.ts'
import { readJpeg } from './jpeg.ts'
import { readJpeg2000 } from './jpeg2000.ts'
import { compressLossless } from './lossless.ts'
import { readPng } from './png.ts'
import { readTiff, type TiffImage } from './tiff-directory.ts'
import { readTiffImage, tiffOrientation } from './tiff.ts'

/** The pictures of a file of images. Pages count from 1. */
export interface Images {
  pagesTotal: number
  /** Throws `ScriptoriumError` where the page cannot be shown; its message goes after the page's name. */
  page: (number: number) => Promise<PageImage>
}

/** Opens a file of images by its kind; what a PDF takes as it is stays as it is, all else is compressed without loss. */
export function openImages(bytes: Buffer, mediaType: string | null): Images {
  const directories = mediaType === 'image/tiff' ? readTiff(bytes) : []
  return {
    pagesTotal: Math.max(1, directories.length),
    async page(number) {
      const directory = directories[number - 1]
      try {
        const asItIs = await readAsItIs(bytes, mediaType, directory)
        const picture = asItIs ?? (await recompress(bytes, number))
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

async function readAsItIs(
  bytes: Buffer,
  mediaType: string | null,
  directory: TiffImage | undefined,
): Promise<PageImage | undefined> {
  if (directory !== undefined) {
    const picture = readTiffImage(bytes, directory)
    return picture && { ...picture, orientation: tiffOrientation(directory) }
  }
  if (mediaType === 'image/jp2' || mediaType === 'image/jpx' || mediaType === 'image/j2c') {
    const picture = readJpeg2000(bytes)
    return picture && { ...picture, orientation: 1 }
  }
  const read =
    mediaType === 'image/jpeg' ? readJpeg : mediaType === 'image/png' ? readPng : undefined
  if (read === undefined) return undefined
  const { orientation = 1, icc } = await (await decode(bytes)).metadata()
  const picture: Picture | undefined = read(bytes, icc)
  return picture && { ...picture, orientation }
}

async function recompress(bytes: Buffer, number: number): Promise<PageImage | undefined> {
  const image = await decode(bytes, number - 1)
  const metadata = await image.metadata()
  const picture = await compressLossless(image, metadata)
  return picture && { ...picture, orientation: metadata.orientation ?? 1 }
}

/** sharp comes with the first picture that needs it: the process has no other use for its 30 MB. */
async function decode(bytes: Buffer, page = 0) {
  const { default: sharp } = await import('sharp')
  // Workers have held the file to the limits before.
  return sharp(bytes, {
    page,
    limitInputPixels: false,
    unlimited: true,
    failOn: 'none',
    sequentialRead: true,
  })
}
