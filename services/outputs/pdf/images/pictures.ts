import type { ReadableType } from '../../../../shared/files/media-types.ts'
import { firstFrame } from '../../../../shared/raster/first-frame.ts'
import { decodeBmp } from '../../../../shared/raster/decoders/bmp.ts'
import { decodePnm } from '../../../../shared/raster/decoders/pnm.ts'
import { enoughBits } from '../../../../shared/raster/raster.ts'
import { readTiff, type TiffFile } from '../../../../shared/raster/tiff/tiff-directory.ts'
import { tags } from '../../../../shared/raster/tiff/tiff-tags.ts'
import { ScriptoriumError, toError, type ErrorCode } from '../../../../shared/process/errors.ts'
import type { Size } from '../../decoder/calls.ts'
import { encodeRaster } from './encode-raster.ts'
import type { PageImage, Picture } from '../../decoder/picture.ts'
import { readJpeg2000 } from './jpeg2000.ts'
import { readPng } from './png.ts'
import { decode, recompress, type Limits } from './recompress.ts'
import { readTiffPage } from './tiff-page.ts'

/** The pictures of an image file. Pages count from 1. */
export interface Pictures {
  pagesTotal: number
  /** Throws `ScriptoriumError` where the page cannot be shown; its message follows the page's name. */
  page: (number: number) => Promise<PageImage>
  /** Of a page that is not decoded; undefined where only decoding gives the size. */
  size: (number: number) => Size | undefined
}

const maxImages = 100_000

/** Opens an image file by its format; data that a PDF can hold stay unchanged, all others are compressed losslessly. */
export function openPictures(bytes: Buffer, mediaType: ReadableType, limits: Limits): Pictures {
  const tiff = mediaType === 'image/tiff' ? readTiff(bytes, maxImages) : undefined
  return {
    pagesTotal: Math.max(1, tiff?.pagesTotal ?? 1),
    async page(number) {
      try {
        const picture = await (tiff === undefined
          ? readPicture(bytes, mediaType, limits)
          : readTiffPage(tiff, number - 1, limits))
        if (picture !== undefined) return picture
      } catch (thrown) {
        throw notShown(thrown)
      }
      throw new ScriptoriumError('corrupt_image', 'cannot be shown')
    },
    size: (number) => tiff && sizeOf(tiff, number),
  }
}

const limitCodes: ReadonlySet<ErrorCode> = new Set(['too_many_pixels', 'too_much_memory'])

/** A limit keeps its code; for a PDF every other error is a damaged image. */
function notShown(thrown: unknown): ScriptoriumError {
  const isLimit = thrown instanceof ScriptoriumError && limitCodes.has(thrown.code)
  const code = isLimit ? thrown.code : 'corrupt_image'
  const reason = toError(thrown).message
  return new ScriptoriumError(code, `cannot be shown (${reason})`, { cause: thrown })
}

function sizeOf(tiff: TiffFile, number: number): Size | undefined {
  const directory = tiff.page(number - 1)
  const [width = 0, height = 0] = [directory?.first(tags.width), directory?.first(tags.height)]
  return width > 0 && height > 0 ? { width, height } : undefined
}

/** The picture of a file with one page. */
async function readPicture(
  bytes: Buffer,
  mediaType: ReadableType,
  limits: Limits,
): Promise<PageImage | undefined> {
  const { maxMegapixels } = limits
  switch (mediaType) {
    case 'image/jp2':
      return upright(readJpeg2000(bytes)) ?? recompress({ bytes, mediaType }, limits)
    case 'image/bmp':
      return upright(await encodeRaster(decodeBmp(bytes, maxMegapixels)))
    case 'image/x-portable-anymap':
      return upright(await encodeRaster(decodePnm(bytes, maxMegapixels, enoughBits)))
    case 'image/png':
      return (await readPngAsItIs(bytes)) ?? recompress({ bytes, mediaType }, limits)
    default: // A JPEG that a PDF cannot hold ends here.
      return recompress({ bytes: firstFrame(bytes, mediaType), mediaType }, limits)
  }
}

async function readPngAsItIs(bytes: Buffer): Promise<PageImage | undefined> {
  const { orientation = 1, icc } = await decode(bytes).metadata()
  const picture = readPng(bytes, icc)
  return picture && { ...picture, orientation }
}

const upright = (picture: Picture | undefined): PageImage | undefined =>
  picture && { ...picture, orientation: 1 }
