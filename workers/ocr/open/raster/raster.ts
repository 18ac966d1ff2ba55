import { ScriptoriumError } from '../../../../shared/errors.ts'

/** Decoded pixels: 8 bits a sample, rows without padding; 1 channel is grey, 3 are RGB. */
export interface Raster {
  width: number
  height: number
  channels: 1 | 3
  samples: Uint8Array<ArrayBuffer>
  dpi: number | null
}

export const damaged = (what: string): ScriptoriumError =>
  new ScriptoriumError('corrupt_image', `is damaged or cut off (${what})`)

/** Throws `too_many_pixels` before memory is taken for them, `corrupt_image` where a side is not a size. */
export function requireSize(width: number, height: number, maxMegapixels: number): void {
  const isSize = [width, height].every((side) => Number.isSafeInteger(side) && side > 0)
  if (!isSize) throw damaged('it has no size')
  if (width * height <= maxMegapixels * 1e6) return
  throw new ScriptoriumError(
    'too_many_pixels',
    `has ${width} x ${height} pixels, more than SCRIPTORIUM_MAX_MEGAPIXELS=${maxMegapixels}`,
  )
}

/** A resolution that a person may have set: 72 and less is what programs write that know of none. */
export function soundDpi(dpi: number | undefined): number | null {
  return dpi !== undefined && dpi > 72.5 && dpi <= 2_400 ? Math.round(dpi * 100) / 100 : null
}
