import { ScriptoriumError } from '../../../../shared/errors.ts'
import type { Opener } from '../opened.ts'
import { requireSize } from '../../../../shared/raster/raster.ts'

/** What is known of a JPEG 2000 file without decoding it. */
export interface Jp2Header {
  width: number
  height: number
  components: number
}

const startOfCodestream = Buffer.from('ff4fff51', 'hex')

/**
 * Reads the size marker (ISO 15444-1, A.5.1) of the first codestream, in a JP2 file or bare.
 * Throws `corrupt_image` where there is none.
 */
export function readJp2Header(bytes: Buffer): Jp2Header {
  const start = bytes.indexOf(startOfCodestream)
  if (start < 0 || bytes.length < start + 42) {
    throw new ScriptoriumError('corrupt_image', 'is damaged or cut off (no codestream)')
  }
  const number = (offset: number): number => bytes.readUInt32BE(start + offset)
  const width = number(8) - number(16)
  const height = number(12) - number(20)
  const components = bytes.readUInt16BE(start + 40)
  if (width < 1 || height < 1 || components < 1) {
    throw new ScriptoriumError('corrupt_image', 'is damaged or cut off (it has no size)')
  }
  return { width, height, components }
}

/**
 * A PDF of one page that shows nothing but this image, a point for each pixel: PDFium has OpenJPEG built in, and knows
 * its colour spaces, depths and subsampling better than the codecs that npm has.
 */
export function wrapInPdf(bytes: Buffer, { width, height }: Jp2Header): Buffer {
  const content = `q ${width} 0 0 ${height} 0 0 cm /I Do Q`
  const objects = [
    ['<</Type/Catalog/Pages 2 0 R>>'],
    ['<</Type/Pages/Kids[3 0 R]/Count 1>>'],
    [
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${width} ${height}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>`,
    ],
    [`<</Length ${content.length}>>stream\n${content}\nendstream`],
    [
      `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}/Filter/JPXDecode/Length ${bytes.length}>>stream\n`,
      bytes,
      '\nendstream',
    ],
  ]
  const parts: Buffer[] = [Buffer.from('%PDF-1.5\n')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const add = (part: string | Buffer): void => {
    const buffer = Buffer.from(part)
    parts.push(buffer)
    length += buffer.length
  }
  objects.forEach((object, index) => {
    offsets.push(length)
    add(`${index + 1} 0 obj\n`)
    for (const part of object) add(part)
    add('\nendobj\n')
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  const place = length
  add(`xref\n0 ${size}\n0000000000 65535 f \n${table}`)
  add(`trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${place}\n%%EOF\n`)
  return Buffer.concat(parts)
}

/** Opens JPEG 2000 images by means of `openPdf`. */
export function createJp2Opener(openPdf: Opener): Opener {
  return async (bytes, options) => {
    const header = readJp2Header(bytes)
    requireSize(header.width, header.height, options.limits.maxMegapixels)
    const wrapped = await openPdf(wrapInPdf(bytes, header), options)
    return {
      ...wrapped,
      async page(number) {
        const page = await wrapped.page(number, { dpi: 0, pdfText: 'skip' }).catch(asImage)
        return { ...page, dpi: null } // A point for each pixel says nothing about the paper.
      },
    }
  }
}

function asImage(thrown: unknown): never {
  if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'corrupt_pdf') throw thrown
  throw new ScriptoriumError('corrupt_image', 'is damaged or cut off', { cause: thrown })
}
