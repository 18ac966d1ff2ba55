import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib'
import sharp, { type Sharp } from 'sharp'
import type { HostileFile } from './hostile-file.ts'

const width = 320
const height = 120

/** A short sound file of each format and of its main variants: the input of mutations. */
export async function makeSoundFiles(): Promise<HostileFile[]> {
  const encoded = await Promise.all(
    Object.entries(encodings).map(async ([name, encode]) => file(name, await encode().toBuffer())),
  )
  const pages = sharp(Buffer.concat([await rawPage('one'), await rawPage('two')]), {
    raw: { width, height: height * 2, channels: 1, pageHeight: height },
  })
  return [
    ...encoded,
    file('book.tif', await pages.clone().tiff({ compression: 'deflate' }).toBuffer()),
    file('moving.gif', await pages.clone().gif().toBuffer()),
    file('moving.webp', await pages.clone().webp().toBuffer()),
    file(
      'page.pgm',
      Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), await rawPage('p')]),
    ),
    file('page.bmp', toBmp(await rawPage('bmp'))),
    file('page.pdf', await makePdf()),
  ]
}

const file = (name: string, bytes: Buffer): HostileFile => ({ name, kind: 'sound', bytes })

/** A line of print. */
function page(text = 'invoice 4711'): Sharp {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="white"/><text x="12" y="70" font-size="36" font-family="sans-serif">${text}</text></svg>`
  return sharp(Buffer.from(svg)).flatten({ background: 'white' })
}

const rawPage = (text: string): Promise<Buffer> => page(text).greyscale().raw().toBuffer()

const encodings: Record<string, () => Sharp> = {
  'page.jpg': () => page().jpeg(),
  'progressive.jpg': () => page().jpeg({ progressive: true }),
  'page.png': () => page().png(),
  'interlaced.png': () => page().toColourspace('rgb16').png({ progressive: true }),
  'palette.png': () => page().png({ palette: true }),
  'page.webp': () => page().webp(),
  'page.gif': () => page().gif(),
  'page.avif': () => page().avif({ effort: 0 }),
  'lzw.tif': () => page().tiff({ compression: 'lzw' }),
  'fax.tif': () =>
    page().toColourspace('b-w').threshold().tiff({ compression: 'ccittfax4', bitdepth: 1 }),
  'tiled.tif': () => page().tiff({ compression: 'deflate', tile: true }),
  'jpeg.tif': () => page().tiff({ compression: 'jpeg' }),
}

/** Rows from the bottom, 8-bit grey through a palette; the width is a multiple of four. */
function toBmp(grey: Buffer): Buffer {
  const offset = 14 + 40 + 1_024
  const head = Buffer.alloc(offset)
  head.write('BM', 'latin1')
  head.writeUInt32LE(offset + grey.length, 2)
  head.writeUInt32LE(offset, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(width, 18)
  head.writeInt32LE(height, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(8, 28)
  for (let level = 0; level < 256; level += 1) head.fill(level, 54 + 4 * level, 57 + 4 * level)
  const rows = Array.from({ length: height }, (_, row) =>
    grey.subarray((height - 1 - row) * width, (height - row) * width),
  )
  return Buffer.concat([head, ...rows])
}

/** A page with a scan, and one with text of its own. */
async function makePdf(): Promise<Buffer> {
  // Without a timestamp: the same seed gives the same bytes.
  const document = await PDFDocument.create({ updateMetadata: false })
  const scan = await document.embedJpg(await page().jpeg().toBuffer())
  document.addPage([width, height]).drawImage(scan, { x: 0, y: 0, width, height })
  const font = await document.embedFont(StandardFonts.Helvetica)
  document.addPage([width, height]).drawText('delivery note 815', { x: 20, y: 50, size: 24, font })
  return Buffer.from(await document.save({ useObjectStreams: false }))
}
