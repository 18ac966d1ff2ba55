import type { Sharp } from 'sharp'
import { damaged, fullScale, type Raster, type Samples } from '../../../../shared/raster/raster.ts'
import { sharp } from '../../../../shared/raster/sharp.ts'
import { photometrics } from '../../../../shared/raster/tiff/tiff-tags.ts'
import type { Picture } from '../../decoder/picture.ts'
import { compressLossless, toIndexed } from './lossless.ts'

type Pixels = Omit<Raster<Samples>, 'dpi'>

/** L*a*b* that was decoded as RGB. */
interface LabSamples {
  width: number
  height: number
  samples: Uint8Array<ArrayBuffer>
  /** TIFF's number for the variant. */
  photometric: number
}

/** The input was not compressed, so its picture is smaller at any level. */
const compressionLevel = 6

/** Compresses decoded pixels losslessly. */
export async function encodeRaster(raster: Pixels): Promise<Picture> {
  const pixels = withoutColour(raster)
  const { width, height, channels, samples } = pixels
  if (channels === 3 && samples instanceof Uint8Array) {
    const indexed = toIndexed({ width, height, channels, samples }, compressionLevel)
    if (indexed !== undefined) return indexed
  }
  return compress(pixels, isBilevel(pixels))
}

async function compress(
  { width, height, channels, samples }: Pixels,
  isBits: boolean,
): Promise<Picture> {
  const raw = { width, height, channels }
  const open = (): Sharp => sharp(samples, { raw, limitInputPixels: false })
  const picture = await compressLossless(open, {
    height,
    isBilevel: isBits,
    isGrey: channels === 1,
    isDeep: samples.BYTES_PER_ELEMENT > 1,
    hasAlpha: false,
    mayHavePalette: false,
    compressionLevel,
  })
  if (picture === undefined) throw damaged('its pixels have no lossless form')
  return picture
}

/** Colours with equal channels are grey. */
function withoutColour(raster: Pixels): Pixels {
  const { channels, samples } = raster
  if (channels === 1) return raster
  for (let at = 0; at < samples.length; at += 3) {
    if (samples[at] !== samples[at + 1] || samples[at] !== samples[at + 2]) return raster
  }
  const grey = samples.slice(0, samples.length / 3)
  for (let at = 0; at < grey.length; at += 1) grey[at] = samples[3 * at] ?? 0
  return { ...raster, channels: 1, samples: grey }
}

function isBilevel({ channels, samples }: Pixels): boolean {
  const max = fullScale(samples)
  return channels === 1 && samples.every((sample) => sample === 0 || sample === max)
}

const { cieLab, ituLab } = photometrics
const whitePoint = '/WhitePoint[0.9642 1 0.8249]'

/** L*a*b* unchanged: PDF has the same colour space. */
export async function encodeLab(given: LabSamples): Promise<Picture> {
  const { width, height, samples, photometric } = given
  if (photometric === cieLab) {
    // Its a* and b* are signed; those of a PDF start at the minimum.
    for (let at = 0; at < samples.length; at += 1) {
      if (at % 3 !== 0) samples[at] = (samples[at] ?? 0) ^ 128
    }
  }
  const range = photometric === ituLab ? '-85 85 -75 125' : '-128 127 -128 127'
  const picture = await compress({ width, height, channels: 3, samples }, false)
  const space = `/ColorSpace[/Lab<<${whitePoint}/Range[${range}]>>]/BitsPerComponent 8`
  return { ...picture, colour: { kind: 'inherent' }, entries: `${space}${picture.entries}` }
}
