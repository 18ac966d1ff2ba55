import sharp, { type Metadata } from 'sharp'
import { ScriptoriumError, toError } from '../../../shared/errors.ts'
import { readableTypeOf } from '../../../shared/media-types.ts'

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

/** An image file that can be read: its media type by content and how many pages it holds. */
export interface OpenedImage {
  mediaType: string
  pagesTotal: number
}

export interface ImageLimits {
  maxPages: number
}

/**
 * Looks at an image file without decoding it. Throws `unsupported_type`, `corrupt_image` or `too_large` (pages);
 * messages are complete after the file's name.
 */
export async function openImage(bytes: Buffer, limits: ImageLimits): Promise<OpenedImage> {
  const mediaType = await readableTypeOf(bytes)
  // Only TIFF holds pages (of an animation the first frame is read); the decoder itself minds the pixels of the rest.
  if (mediaType !== 'image/tiff') return { mediaType, pagesTotal: 1 }
  const { pages: pagesTotal = 1 } = await metadata(bytes)
  if (pagesTotal > limits.maxPages) {
    const limit = `SCRIPTORIUM_MAX_PAGES=${limits.maxPages}`
    throw new ScriptoriumError('too_large', `has ${pagesTotal} pages, more than ${limit}`)
  }
  return { mediaType, pagesTotal }
}

/** What a refusal to decode means: `too_large` where page `page` (from 1) has more pixels than allowed, else `corrupt_image`. */
export async function explainRefusal(
  bytes: Buffer,
  page: number,
  maxMegapixels: number,
  thrown: unknown,
): Promise<ScriptoriumError> {
  const { width, height } = await metadata(bytes, page)
  if (width * height <= maxMegapixels * 1e6) return corrupt(thrown)
  return new ScriptoriumError(
    'too_large',
    `has ${width} x ${height} pixels, more than SCRIPTORIUM_MAX_MEGAPIXELS=${maxMegapixels}`,
  )
}

async function metadata(bytes: Buffer, page = 1): Promise<Metadata> {
  try {
    // The pixel limit is for decoding, and has a message of its own.
    const options = { limitInputPixels: false, failOn: 'error', page: page - 1 } as const
    return await sharp(bytes, options).metadata()
  } catch (thrown) {
    throw corrupt(thrown)
  }
}

/** libvips' own words, on one line. */
function corrupt(thrown: unknown): ScriptoriumError {
  const [reason = ''] = toError(thrown).message.split('\n')
  const options = { cause: thrown }
  return new ScriptoriumError('corrupt_image', `is damaged or cut off (${reason})`, options)
}
