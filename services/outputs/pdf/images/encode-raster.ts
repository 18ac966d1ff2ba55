import { Readable } from 'node:stream'
import { createDeflate } from 'node:zlib'
import { fullScale, type Raster, type Samples } from '../../../../shared/raster/raster.ts'
import type { Picture } from '../../decoder/picture.ts'
import { filterRows } from './png-filter.ts'

type Pixels = Omit<Raster<Samples>, 'dpi'>

/** L*a*b* that was decoded as RGB. */
interface LabSamples {
  width: number
  height: number
  samples: Uint8Array<ArrayBuffer>
  /** TIFF's number for the variant: 8, 9 or 10. */
  photometric: number
}

const mostColours = 256

/** Compresses pixels losslessly in the smallest form: one bit per pixel, a palette, grey or RGB. */
export function encodeRaster(raster: Pixels): Promise<Picture> {
  const pixels = withoutColour(raster)
  if (isBilevel(pixels)) return asBits(pixels)
  const indexed = pixels.channels === 3 ? toIndexed(pixels) : undefined
  return indexed === undefined ? asFiltered(pixels) : asIndexed(pixels, indexed)
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
  const most = fullScale(samples)
  return channels === 1 && samples.every((sample) => sample === 0 || sample === most)
}

function asBits({ width, height, samples }: Pixels): Promise<Picture> {
  const stride = Math.ceil(width / 8)
  const bits = new Uint8Array(stride * height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (samples[y * width + x] === 0) continue
      const at = y * stride + (x >> 3)
      bits[at] = (bits[at] ?? 0) | (128 >> (x & 7))
    }
  }
  const colour = { kind: 'grey' } as const
  return deflated({ width, height, colour, bits: 1, entries: '/Filter/FlateDecode' }, [bits])
}

interface Indexed {
  palette: Buffer
  indexes: Uint8Array
}

function toIndexed({ samples }: Pixels): Indexed | undefined {
  if (samples.BYTES_PER_ELEMENT > 1) return undefined
  const known = new Map<number, number>()
  const indexes = new Uint8Array(samples.length / 3)
  for (let at = 0; at < indexes.length; at += 1) {
    const red = samples[3 * at] ?? 0
    const green = samples[3 * at + 1] ?? 0
    const colour = (red << 16) | (green << 8) | (samples[3 * at + 2] ?? 0)
    let index = known.get(colour)
    if (index === undefined) {
      if (known.size === mostColours) return undefined
      index = known.size
      known.set(colour, index)
    }
    indexes[at] = index
  }
  const palette = Buffer.alloc(3 * known.size)
  for (const [colour, index] of known) palette.writeUIntBE(colour, 3 * index, 3)
  return { palette, indexes }
}

function asIndexed({ width, height }: Pixels, { palette, indexes }: Indexed): Promise<Picture> {
  const colour = { kind: 'indexed', palette } as const
  return deflated({ width, height, colour, bits: 8, entries: '/Filter/FlateDecode' }, [indexes])
}

function asFiltered({ width, height, channels, samples }: Pixels): Promise<Picture> {
  const bits = 8 * samples.BYTES_PER_ELEMENT
  const colour = { kind: channels === 1 ? 'grey' : 'rgb' } as const
  const predictor = `/Predictor 15/Colors ${channels}/BitsPerComponent ${bits}/Columns ${width}`
  const entries = `/Filter/FlateDecode/DecodeParms<<${predictor}>>`
  return deflated(
    { width, height, colour, bits, entries },
    filterRows({ width, height, channels, samples }),
  )
}

/** TIFF 6.0, section 23 and its supplement 2 (9: ICC L*a*b*); RFC 2301, section 6.2.3 (10: ITU L*a*b*). */
const ituLab = 10
const cieLab = 8
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
  const picture = await asFiltered({ width, height, channels: 3, samples })
  const space = `/ColorSpace[/Lab<<${whitePoint}/Range[${range}]>>]/BitsPerComponent 8`
  return { ...picture, colour: { kind: 'inherent' }, entries: `${space}${picture.entries}` }
}

async function deflated(
  picture: Omit<Picture, 'data'>,
  rows: Iterable<Uint8Array>,
): Promise<Picture> {
  const source = Readable.from(rows, { objectMode: true, highWaterMark: 1 })
  const stream = source.compose(createDeflate({ level: 6 }))
  const data: Buffer[] = []
  for await (const chunk of stream) {
    if (chunk instanceof Buffer) data.push(chunk)
  }
  return { ...picture, data }
}
