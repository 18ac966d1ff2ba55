import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Opener } from '../opened.ts'
import { readJp2Header, type Jp2Header } from '../../../../shared/raster/headers/jp2.ts'
import { decodeCostOf } from '../../../../shared/raster/decode-cost.ts'
import { requireCost } from '../decoder/cost.ts'

/**
 * Wraps the image in a PDF of one page with one point per pixel: PDFium includes OpenJPEG, and supports its colour
 * spaces, depths and subsampling better than the codecs on npm.
 */
function wrapInPdf(bytes: Buffer, { width, height }: Jp2Header): Buffer {
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

/** Opens JPEG 2000 images through `openPdf`. */
export function createJp2Opener(openPdf: Opener): Opener {
  return async (bytes, options) => {
    const header = readJp2Header(bytes)
    requireCost(decodeCostOf(bytes, 'image/jp2'), bytes.length, options.limits)
    const wrapped = await openPdf(wrapInPdf(bytes, header), options)
    return {
      ...wrapped,
      async page(number) {
        const page = await wrapped.page(number, { dpi: 0, pdfText: 'skip' }).catch(asImage)
        return { ...page, dpi: null } // One point per pixel says nothing about the paper.
      },
    }
  }
}

function asImage(thrown: unknown): never {
  if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'corrupt_pdf') throw thrown
  throw new ScriptoriumError('corrupt_image', 'is damaged or truncated', { cause: thrown })
}
