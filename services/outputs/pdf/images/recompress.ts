import type { Metadata, Sharp } from 'sharp'
import { sharp } from '../../../../shared/raster/sharp.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { ReadableType } from '../../../../shared/files/media-types.ts'
import { decodeCostOf } from '../../../../shared/raster/decode-cost.ts'
import { requireSize } from '../../../../shared/raster/raster.ts'
import type { PageImage } from '../../decoder/picture.ts'
import { compressLossless } from './lossless.ts'

/** Limits of a page. */
export interface Limits {
  maxMegapixels: number
  /** Memory limit of the decoding process. */
  maxBytes: number
}

// This code runs in the decoder's process.
sharp.unblock({ operation: ['VipsForeignLoadNsgif', 'VipsForeignLoadHeif'] })

/** An encoded file that sharp decodes. */
interface Encoded {
  bytes: Buffer
  mediaType: ReadableType
}

/**
 * Decodes the first page with sharp and compresses its pixels losslessly. Throws `too_many_pixels` or
 * `too_much_memory`.
 */
export async function recompress(given: Encoded, limits: Limits): Promise<PageImage | undefined> {
  const open = (): Sharp => decode(given.bytes)
  const metadata = await open().metadata()
  requireSize(metadata.width, metadata.height, limits.maxMegapixels)
  requireMemory(given, metadata, limits.maxBytes)
  const { height, channels, depth, icc } = metadata
  const picture = await compressLossless(open, {
    height,
    isBilevel: metadata.bitsPerSample === 1 && channels === 1,
    isGrey: channels <= 2,
    isDeep: depth === 'ushort',
    hasAlpha: metadata.hasAlpha,
    mayHavePalette: metadata.isPalette || metadata.format === 'gif',
    profile: icc,
    compressionLevel: 9, // The picture must not grow.
  })
  return picture && { ...picture, orientation: metadata.orientation ?? 1 }
}

/** Damaged pictures are shown as far as they decode. */
export function decode(bytes: Buffer): Sharp {
  // The pixel limit is compared with the header before.
  const limits = { limitInputPixels: false, unlimited: true } as const
  return sharp(bytes, { ...limits, failOn: 'none', sequentialRead: true })
}

/** The process itself, before it decodes anything. */
const ownBytes = 90e6
/** The pixels of a picture with a palette are compared one by one: RGBA, and their numbers. */
const paletteBytes = 5

/** Rejects by the header a picture that would certainly need too much memory: trying it would cost seconds. */
function requireMemory(
  { bytes, mediaType }: Encoded,
  { width, height, format, isPalette }: Metadata,
  maxBytes: number,
): void {
  const { peakBytes = 0 } = decodeCostOf(bytes, mediaType) ?? {}
  const palette = format === 'gif' || isPalette ? paletteBytes * width * height : 0
  const wanted = peakBytes + palette + bytes.length + ownBytes
  if (wanted <= maxBytes) return
  throw new ScriptoriumError(
    'too_much_memory',
    `its ${width} x ${height} pixels take ${toMegabytes(wanted)} MB, more than SCRIPTORIUM_DECODE_MEMORY=${maxBytes}`,
  )
}

const toMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
