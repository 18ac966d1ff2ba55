import { ScriptoriumError } from '../process/errors.ts'

export type Samples = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

/** Decoded pixels: rows without padding, samples that use all of their 8 or 16 bits; 1 channel is grey, 3 are RGB. */
export interface Raster<S extends Samples = Uint8Array<ArrayBuffer>> {
  width: number
  height: number
  channels: 1 | 3
  samples: S
  dpi: number | null
}

/** Allocates memory for samples whose file maximum is `maxValue`: decoders scale them to the given array. */
export type Allocate<S extends Samples> = (length: number, maxValue: number) => S

/** Enough for reading: a page needs half the memory. */
export const eightBits: Allocate<Uint8Array<ArrayBuffer>> = (length) => new Uint8Array(length)

/** Lossless. */
export const enoughBits: Allocate<Samples> = (length, maxValue) =>
  maxValue > 255 ? new Uint16Array(length) : new Uint8Array(length)

export const fullScale = (samples: Samples): number => 2 ** (8 * samples.BYTES_PER_ELEMENT) - 1

export const damaged = (what: string): ScriptoriumError =>
  new ScriptoriumError('corrupt_image', `is damaged or truncated (${what})`)

/** Throws `too_many_pixels` before memory is allocated for them, `corrupt_image` where a side has no valid size. */
export function requireSize(width: number, height: number, maxMegapixels: number): void {
  const isSize = [width, height].every((side) => Number.isSafeInteger(side) && side > 0)
  if (!isSize) throw damaged('its size is invalid')
  if (width * height <= maxMegapixels * 1e6) return
  throw new ScriptoriumError(
    'too_many_pixels',
    `has ${width} x ${height} pixels, more than ${maxMegapixels} megapixels (where pages are read: SCRIPTORIUM_MAX_MEGAPIXELS)`,
  )
}

/** A resolution that a person may have set: programs that know none write 72 or less. */
export function soundDpi(dpi: number | undefined): number | null {
  return dpi !== undefined && dpi > 72.5 && dpi <= 2_400 ? Math.round(dpi * 100) / 100 : null
}
