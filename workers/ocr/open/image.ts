import type { Metadata } from 'sharp'
import { sharp } from '../../../shared/raster/sharp.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { decodeCostOf } from '../../../shared/raster/decode-cost.ts'
import type { PageDecoder } from './decoder/decoder.ts'
import { isPlain, requireCost } from './decoder/cost.ts'
import { decodeInProcess, pictureInProcess } from './decoder/grey.ts'
import {
  toOrientation,
  type OpenedDocument,
  type OpenedPage,
  type Opener,
  type PagePixels,
} from './opened.ts'
import { firstFrame } from '../../../shared/raster/first-frame.ts'
import { isSquare, pixelShapeOf } from '../../../shared/raster/headers/pixel-shape.ts'
import { requireSize, soundDpi } from '../../../shared/raster/raster.ts'

/** Opens single images that sharp decodes; of an animation, its first frame. */
export function createImageOpener(decoder: PageDecoder): Opener {
  return (bytes, { mediaType, limits }) => {
    const document: OpenedDocument = {
      mediaType,
      pagesTotal: 1,
      bytesHeld: bytes.length,
      isLost: () => false,
      async page() {
        const data = firstFrame(bytes, mediaType)
        const cost = decodeCostOf(data, mediaType)
        const isRegular = isSquare(pixelShapeOf(data, mediaType))
        if (isRegular && isPlain(mediaType, cost))
          return describePixels({ data }, limits.maxMegapixels)
        requireCost(cost, data.length, limits)
        return decodeInProcess(decoder, data, mediaType, limits)
      },
      async picture(_, size) {
        const data = firstFrame(bytes, mediaType)
        requireCost(decodeCostOf(data, mediaType), data.length, limits)
        return pictureInProcess(decoder, data, mediaType, { ...limits, ...size })
      },
      close: () => Promise.resolve(),
    }
    return Promise.resolve(document)
  }
}

/**
 * Returns a page that sharp can decode, with the properties in its file. Throws `corrupt_image` or `too_many_pixels`.
 */
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
    // The pixel limit is for decoding, and has its own message.
    return await sharp(bytes, { limitInputPixels: false, failOn: 'error', page }).metadata()
  } catch (thrown) {
    throw corrupt(thrown)
  }
}

/** Messages of libvips and its libraries about sound files that they cannot decode. */
const isUnsupported =
  /unsupported|not supported|not implemented|can ?not handle|can't handle|channel limit|no (?:known )?(?:loader|codec)/i

/** The error of a decoder, with its own message on one line: not every file that it refuses is damaged. */
export function corrupt(thrown: unknown): ScriptoriumError {
  const [reason = ''] = toError(thrown).message.split('\n')
  const options = { cause: thrown }
  if (isUnsupported.test(reason)) {
    const message = `has an encoding that is not supported (${reason}); save it as PNG or JPEG`
    return new ScriptoriumError('unsupported_encoding', message, options)
  }
  return new ScriptoriumError('corrupt_image', `is damaged or truncated (${reason})`, options)
}
