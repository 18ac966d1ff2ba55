import sharp from 'sharp'

/** A JPEG and its size in pixels. */
interface Scan {
  jpeg: Buffer
  width: number
  height: number
  isGrey: boolean
}

/** One page of a PDF that is made here: a JPEG that fills it, invisible or visible text over it, or anything else. */
export interface PdfPageSource {
  /** Points, before it is turned. */
  width: number
  height: number
  rotate?: 0 | 90 | 180 | 270
  scan?: Scan
  /** A picture on the page, in points from its lower left corner. */
  picture?: Scan & { at: readonly [left: number, bottom: number, width: number, height: number] }
  /** Lines of text in Helvetica, 12 points, and how they are painted: 0 visible, 3 invisible. */
  text?: {
    lines: readonly string[]
    mode: 0 | 3
    /** Points below the upper edge; 72 if missing. */
    top?: number
    /** Font size and leading, points. */
    size?: number
    leading?: number
    /** A font program whose glyph numbers the text uses; its PDF has no Unicode. */
    glyphs?: { font: Buffer; of: (line: string) => number[] }
  }
  /** Whether the scan is painted over the text. */
  isTextBelow?: boolean
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
  page: PdfPageSource,
  { pagesAt, fontAt }: { pagesAt: number; fontAt: number },
): number {
  const { width, height, rotate = 0, scan, picture, text, instead } = page
  if (instead !== undefined) return writer.add(instead)
  const painted = [
    ...(scan === undefined ? [] : [{ ...scan, at: [0, 0, width, height] as const }]),
    ...(picture === undefined ? [] : [picture]),
  ].map((image) => ({ ...image, number: addScan(writer, image) }))
  const paint = painted.map(
    ({ at: [left, bottom, across, up] }, index) =>
      `q ${across} 0 0 ${up} ${left} ${bottom} cm /I${index} Do Q`,
  )
  const words = text === undefined ? [] : [wordsOf(text, height)]
  const content = (page.isTextBelow === true ? [...words, ...paint] : [...paint, ...words]).join(
    '\n',
  )
  const contentAt = writer.stream('', Buffer.from(content, 'latin1'))
  const images = painted.map(({ number }, index) => `/I${index} ${number} 0 R`).join('')
  const font = text?.glyphs === undefined ? fontAt : addGlyphs(writer, text.glyphs.font)
  return writer.add(
    `<</Type/Page/Parent ${pagesAt} 0 R/MediaBox[0 0 ${width} ${height}]/Rotate ${rotate}` +
      `/Contents ${contentAt} 0 R/Resources<</Font<</F ${font} 0 R>>/XObject<<${images}>>>>>>`,
  )
}

function wordsOf(
  { lines, mode, top = 72, size = 12, leading = 14, glyphs }: NonNullable<PdfPageSource['text']>,
  height: number,
): string {
  const encoded = lines.map((line) => {
    if (glyphs === undefined) return `(${escape(line)})`
    const codes = glyphs.of(line).map((glyph) => glyph.toString(16).padStart(4, '0'))
    return `<${codes.join('')}>`
  })
  const shown = encoded.map((line) => `${line} Tj T*`).join('\n')
  return `BT /F ${size} Tf ${mode} Tr ${leading} TL 72 ${height - top} Td\n${shown}\nET`
}

/** A font that numbers its glyphs, as programs embed it, but without the table of their Unicode. */
function addGlyphs(writer: Writer, program: Buffer): number {
  const file = writer.stream(`/Length1 ${program.length}`, program)
  const descriptor = writer.add(
    `<</Type/FontDescriptor/FontName/Tiny/Flags 4/FontBBox[0 0 500 1000]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80/FontFile2 ${file} 0 R>>`,
  )
  const descendant = writer.add(
    `<</Type/Font/Subtype/CIDFontType2/BaseFont/Tiny/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ${descriptor} 0 R/DW 500/CIDToGIDMap/Identity>>`,
  )
  return writer.add(
    `<</Type/Font/Subtype/Type0/BaseFont/Tiny/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]>>`,
  )
}

function addScan(writer: Writer, { jpeg, width, height, isGrey }: Scan) {
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
