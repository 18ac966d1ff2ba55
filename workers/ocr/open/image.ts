import sharp, { type Metadata } from 'sharp'
import { ScriptoriumError, toError } from '../../../shared/errors.ts'
import {
  toOrientation,
  type OpenedDocument,
  type OpenedPage,
  type Opener,
  type PagePixels,
} from './opened.ts'
import { requireSize, soundDpi } from '../../../shared/raster/raster.ts'

// Only what users' pages come in is decoded: the rest of libvips' loaders is surface for attacks.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadTiff',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadHeif',
  ],
})
// Processes give the parallelism; a cache would only grow.
sharp.cache(false)
sharp.concurrency(1)

/** Opens what sharp decodes and what has one page; of an animation that is its first frame. */
export const openImage: Opener = (bytes, { mediaType, limits }) => {
  const document: OpenedDocument = {
    mediaType,
    pagesTotal: 1,
    bytesHeld: bytes.length,
    isLost: () => false,
    page: () => describePixels({ data: bytes }, limits.maxMegapixels),
    close: () => Promise.resolve(),
  }
  return Promise.resolve(document)
}

/** A page that sharp can decode, with what its file tells of it. Throws `corrupt_image` or `too_many_pixels`. */
export async function describePixels(
  pixels: PagePixels,
  maxMegapixels: number,
): Promise<OpenedPage> {
  const { width, height, density, orientation } = await metadata(pixels.data, pixels.page)
  requireSize(width, height, maxMegapixels)
  return {
    kind: 'pixels',
    pixels,
    width,
    height,
    dpi: soundDpi(density),
    orientation: toOrientation(orientation),
  }
}

async function metadata(bytes: Buffer, page = 0): Promise<Metadata> {
  try {
    // The pixel limit is for decoding, and has a message of its own.
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error', page }).metadata()
  } catch (thrown) {
    throw corrupt(thrown)
  }
}

/** libvips' own words, on one line. */
export function corrupt(thrown: unknown): ScriptoriumError {
  const [reason = ''] = toError(thrown).message.split('\n')
  const options = { cause: thrown }
  return new ScriptoriumError('corrupt_image', `is damaged or cut off (${reason})`, options)
}
