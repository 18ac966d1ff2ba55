import sharp from 'sharp'
import type { Sharp } from 'sharp'

/** Interleaved 8-bit RGB pixels. */
export interface SampleRaster {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

export const toSharp = ({ data, width, height }: SampleRaster) =>
  sharp(data, { raw: { width, height, channels: 3 } })

/** Runs `image` and returns opaque RGB. */
export async function toRaster(image: Sharp): Promise<SampleRaster> {
  const decoded = image.flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha().raw()
  const { data, info } = await decoded.toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
