import { ScriptoriumError } from '../errors.ts'

export type Samples = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

/** Decoded pixels: rows without padding, samples that use all of their 8 or 16 bits; 1 channel is grey, 3 are RGB. */
export interface Raster<S extends Samples = Uint8Array<ArrayBuffer>> {
  width: number
  height: number
  channels: 1 | 3
  samples: S
  dpi: number | null
}

/** Takes memory for samples that reach `largest` in their file: decoders scale them to what they are given. */
export type Allocate<S extends Samples> = (length: number, largest: number) => S

/** Enough for reading: a page takes half the memory. */
export const eightBits: Allocate<Uint8Array<ArrayBuffer>> = (length) => new Uint8Array(length)

/** Loses nothing. */
export const enoughBits: Allocate<Samples> = (length, largest) =>
  largest > 255 ? new Uint16Array(length) : new Uint8Array(length)

export const fullScale = (samples: Samples): number => 2 ** (8 * samples.BYTES_PER_ELEMENT) - 1

export const damaged = (what: string): ScriptoriumError =>
  new ScriptoriumError('corrupt_image', `is damaged or cut off (${what})`)

/** Throws `too_many_pixels` before memory is taken for them, `corrupt_image` where a side is not a size. */
export function requireSize(width: number, height: number, maxMegapixels: number): void {
  const isSize = [width, height].every((side) => Number.isSafeInteger(side) && side > 0)
  if (!isSize) throw damaged('it has no size')
  if (width * height <= maxMegapixels * 1e6) return
  throw new ScriptoriumError(
    'too_many_pixels',
    `has ${width} x ${height} pixels, more than ${maxMegapixels} megapixels (where pages are read: SCRIPTORIUM_MAX_MEGAPIXELS)`,
  )
}

/** A resolution that a person may have set: 72 and less is what programs write that know of none. */
export function soundDpi(dpi: number | undefined): number | null {
  return dpi !== undefined && dpi > 72.5 && dpi <= 2_400 ? Math.round(dpi * 100) / 100 : null
}
