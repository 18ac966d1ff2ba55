import sharp from 'sharp'

/** One page of a PDF that is made here: a JPEG that fills it, invisible or visible text over it, or anything else. */
export interface PdfPageSource {
  /** Points, before it is turned. */
  width: number
  height: number
  rotate?: 0 | 90 | 180 | 270
  /** A JPEG and its size in pixels. */
  scan?: { jpeg: Buffer; width: number; height: number; isGrey: boolean }
  /** Lines of text in Helvetica, 12 points, and how they are painted: 0 visible, 3 invisible. */
  text?: { lines: readonly string[]; mode: 0 | 3 }
  /** Replaces the page's dictionary: for pages that are broken. */
  instead?: string
}

/** A page that shows an image at a resolution, as a scanner's software makes it. */
export async function scanOf(image: string | Buffer, dpi: number): Promise<PdfPageSource> {
  const { data, info } = await sharp(image)
    .flatten({ background: 'white' })
    .toColourspace('b-w')
    .jpeg({ quality: 80 })
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const size = { width: (width * 72) / dpi, height: (height * 72) / dpi }
  return { ...size, scan: { jpeg: data, width, height, isGrey: channels === 1 } }
}

const escape = (line: string): string => line.replaceAll(/[\\()]/g, String.raw`\$&`)

/** Writes a PDF file of these pages: the plainest there is, with a cross-reference table. */
export function pdfOf(pages: readonly PdfPageSource[]): Buffer {
  const writer = createWriter()
  const pagesAt = writer.reserve()
  const fontAt = writer.add('<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>')
  const kids = pages.map((page) => addPage(writer, page, { pagesAt, fontAt }))
  const list = kids.map((kid) => `${kid} 0 R`).join(' ')
  writer.fill(pagesAt, `<</Type/Pages/Kids[${list}]/Count ${kids.length}>>`)
  return writer.finish(writer.add(`<</Type/Catalog/Pages ${pagesAt} 0 R>>`))
}

type Writer = ReturnType<typeof createWriter>

function addPage(
  writer: Writer,
  { width, height, rotate = 0, scan, text, instead }: PdfPageSource,
  { pagesAt, fontAt }: { pagesAt: number; fontAt: number },
): number {
  if (instead !== undefined) return writer.add(instead)
  const image = scan && addScan(writer, scan)
  const lines = text?.lines.map((line) => `(${escape(line)}) Tj T*`).join('\n') ?? ''
  const words = `BT /F 12 Tf ${text?.mode ?? 0} Tr 14 TL 72 ${height - 72} Td\n${lines}\nET`
  const content = [
    ...(image === undefined ? [] : [`q ${width} 0 0 ${height} 0 0 cm /I Do Q`]),
    ...(text === undefined ? [] : [words]),
  ].join('\n')
  const contentAt = writer.stream('', Buffer.from(content, 'latin1'))
  const images = image === undefined ? '' : `/XObject<</I ${image} 0 R>>`
  return writer.add(
    `<</Type/Page/Parent ${pagesAt} 0 R/MediaBox[0 0 ${width} ${height}]/Rotate ${rotate}` +
      `/Contents ${contentAt} 0 R/Resources<</Font<</F ${fontAt} 0 R>>${images}>>>>`,
  )
}

function addScan(
  writer: Writer,
  { jpeg, width, height, isGrey }: NonNullable<PdfPageSource['scan']>,
) {
  const colours = isGrey ? '/DeviceGray' : '/DeviceRGB'
  const about = `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/BitsPerComponent 8`
  return writer.stream(`${about}/ColorSpace${colours}/Filter/DCTDecode`, jpeg)
}

/** Numbers objects from 1 and remembers where each begins. */
function createWriter() {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let length = 9
  const push = (part: string | Buffer): void => {
    const buffer = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    parts.push(buffer)
    length += buffer.length
  }
  const reserve = (): number => offsets.push(0)
  const fill = (number: number, ...content: (string | Buffer)[]): void => {
    offsets[number - 1] = length
    push(`${number} 0 obj\n`)
    for (const part of content) push(part)
    push('\nendobj\n')
  }
  const add = (...content: (string | Buffer)[]): number => {
    const number = reserve()
    fill(number, ...content)
    return number
  }
  return {
    reserve,
    fill,
    add,
    stream: (dictionary: string, bytes: Buffer): number =>
      add(`<<${dictionary}/Length ${bytes.length}>>\nstream\n`, bytes, '\nendstream'),
    finish(catalog: number): Buffer {
      const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
      const at = length
      const size = offsets.length + 1
      push(`xref\n0 ${size}\n0000000000 65535 f \n${table}`)
      push(`trailer\n<</Size ${size}/Root ${catalog} 0 R>>\nstartxref\n${at}\n%%EOF\n`)
      return Buffer.concat(parts)
    },
  }
}
