import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { ReadableType } from '../../../../shared/files/media-types.ts'
import type { DecodeCost } from '../../../../shared/raster/decode-cost.ts'
import { requireSize } from '../../../../shared/raster/raster.ts'
import type { OpenLimits } from '../opened.ts'

/**
 * Memory, beside the page itself, within which a worker decodes in its own process; the rest of its container is the
 * decoder's.
 */
const plainBytes = 64 * 2 ** 20
/** The decoder's process with its libraries. */
const processBytes = 90e6

/**
 * Formats whose header gives the cost of decoding, because their decoders go row by row or hold the whole image. An
 * AVIF header understates it; all frames of a GIF are scanned before the first is decoded.
 */
const plainTypes: ReadonlySet<ReadableType> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/tiff',
])

/** Whether a page certainly needs so little memory that the worker decodes it itself: nearly all do. */
export const isPlain = (mediaType: ReadableType, cost: DecodeCost | undefined): boolean =>
  cost !== undefined &&
  plainTypes.has(mediaType) &&
  cost.peakBytes - cost.width * cost.height <= plainBytes

/**
 * Throws `too_many_pixels` or `too_much_memory` where a page's header announces more than the limits allow. A header
 * that understates the cost makes the decoder process exceed its limit and end.
 */
export function requireCost(
  cost: DecodeCost | undefined,
  fileBytes: number,
  { maxMegapixels, decodeBytes }: OpenLimits,
): void {
  if (cost === undefined) return
  requireSize(cost.width, cost.height, maxMegapixels)
  requireMemory(fileBytes + cost.peakBytes, decodeBytes)
}

/** Throws `too_much_memory` where decoding needs more memory than the decoder's process may use beside itself. */
export function requireMemory(bytes: number, decodeBytes: number): void {
  const needed = processBytes + bytes
  if (needed <= decodeBytes) return
  throw new ScriptoriumError(
    'too_much_memory',
    `needs about ${Math.ceil(needed / 1e6)} MB of memory to be decoded, more than SCRIPTORIUM_DECODE_MEMORY=${decodeBytes} allows; save it with fewer pixels, 8 bits a sample and no interlacing, or raise the limit`,
  )
}
