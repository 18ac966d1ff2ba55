import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { OpenedDocument, Opener } from '../opened.ts'
import { readJp2Header, type Jp2Header } from '../../../../shared/raster/headers/jp2.ts'
import { decodeCostOf } from '../../../../shared/raster/decode-cost.ts'
import { requireCost } from '../decoder/cost.ts'

/**
 * Wraps the image in a PDF of one page with one point per pixel: PDFium includes OpenJPEG, and supports its colour
 * spaces, depths and subsampling better than the codecs on npm.
 */
function wrapInPdf(bytes: Buffer, { width, height }: Jp2Header, colourSpace: string): Buffer {
  const content = `q ${width} 0 0 ${height} 0 0 cm /I Do Q`
  const objects = [
    ['<</Type/Catalog/Pages 2 0 R>>'],
    ['<</Type/Pages/Kids[3 0 R]/Count 1>>'],
    [
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${width} ${height}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>`,
    ],
    [`<</Length ${content.length}>>stream\n${content}\nendstream`],
    [
      `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}${colourSpace}/Filter/JPXDecode/Length ${bytes.length}>>stream\n`,
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

type Use<T> = (document: OpenedDocument) => Promise<T>

const wishes = { dpi: 0, pdfText: 'skip' } as const

/**
 * Opens JPEG 2000 images through `openPdf`. PDFium decodes no image in colours whose space is missing (a bare
 * codestream) or an ICC profile; a colour space in the PDF then replaces it.
 */
export function createJp2Opener(openPdf: Opener): Opener {
  return async (bytes, options) => {
    const header = readJp2Header(bytes)
    requireCost(decodeCostOf(bytes, 'image/jp2'), bytes.length, options.limits)
    const wrapped = await openPdf(wrapInPdf(bytes, header, ''), options)
    const withColourSpace = async <T>(use: Use<T>): Promise<T> => {
      const space = header.components >= 3 ? '/ColorSpace/DeviceRGB' : '/ColorSpace/DeviceGray'
      const other = await openPdf(wrapInPdf(bytes, header, space), options)
      try {
        return await use(other)
      } finally {
        await other.close()
      }
    }
    const decode = <T>(use: Use<T>): Promise<T> =>
      use(wrapped)
        .catch((thrown: unknown) => (isUndecoded(thrown) ? withColourSpace(use) : refuse(thrown)))
        .catch((thrown: unknown) => asImage(thrown, header))
    return {
      ...wrapped,
      async page(number) {
        const { reason: _, ...page } = await decode((document) => document.page(number, wishes))
        return { ...page, dpi: null } // A resolution of one point per pixel is a default, not that of the paper.
      },
      picture: (number, size) => decode((document) => document.picture(number, size)),
    }
  }
}

const isUndecoded = (thrown: unknown): boolean =>
  thrown instanceof ScriptoriumError && thrown.code === 'corrupt_pdf'

function refuse(thrown: unknown): never {
  throw thrown
}

function asImage(thrown: unknown, { isHighThroughput }: Jp2Header): never {
  if (!isUndecoded(thrown)) throw thrown
  if (isHighThroughput) {
    const message = 'is High-Throughput JPEG 2000, which is not supported; save it as PNG or JPEG'
    throw new ScriptoriumError('unsupported_encoding', message, { cause: thrown })
  }
  throw new ScriptoriumError('corrupt_image', 'is damaged or truncated', { cause: thrown })
}
