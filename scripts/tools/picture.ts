import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { packageRoot } from '../../shared/files/package-root.ts'
import { sans, serif } from './samples/fonts.ts'

/**
 * Draws docs/picture.jpg: a sample with its word boxes, and its text beside it. The argument is the OUT folder of
 * `npm run ingest -- samples --out OUT`.
 */
const sample = 'scriptorium.jpg'
const [out] = process.argv.slice(2)
if (out === undefined) throw new Error('usage: npm run picture -- OUT')

interface Word {
  text: string
  confidence: number
  bbox: { x0: number; y0: number; x1: number; y1: number }
}
interface Line {
  words: Word[]
}
interface Page {
  width: number
  height: number
  text: string
  blocks: { paragraphs: { lines: Line[] }[] }[]
}

const width = 1_200
const margin = 24
const scanWidth = 540
const fontSize = 17
const lineHeight = 27

const { pages }: { pages: Page[] } = JSON.parse(readFileSync(join(out, `${sample}.json`), 'utf8'))
const [page] = pages
if (page === undefined) throw new Error(`${sample}.json has no page`)
const scale = scanWidth / page.width
const scanHeight = Math.round(page.height * scale)
const height = scanHeight + 2 * margin

const words = page.blocks
  .flatMap(({ paragraphs }) => paragraphs)
  .flatMap(({ lines }) => lines)
  .flatMap((line) => line.words)
const at = (pixels: number): string => (margin + pixels * scale).toFixed(1)
const box = ({ confidence, bbox }: Word): string => {
  const size = `width="${((bbox.x1 - bbox.x0) * scale).toFixed(1)}" height="${((bbox.y1 - bbox.y0) * scale).toFixed(1)}"`
  const colour = confidence < 90 ? '#c2410c' : '#0369a1'
  return `<rect x="${at(bbox.x0)}" y="${at(bbox.y0)}" ${size} rx="2" fill="${colour}" fill-opacity="0.10" stroke="${colour}" stroke-width="1.2"/>`
}
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const textLeft = 2 * margin + scanWidth + 16
const lines = page.text.trimEnd().split('\n')
const textTop = margin + 46
const textLines = lines.map(
  (line, index) =>
    `<text x="${textLeft}" y="${textTop + 34 + index * lineHeight * 0.9}" font-family="${serif}" font-size="${fontSize}" fill="#1f2937">${escape(line)}</text>`,
)
const mean = words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
${words.map(box).join('\n')}
<text x="${textLeft}" y="${margin + 24}" font-family="${sans}" font-size="15" fill="#6b7280">${sample}.txt: ${words.length} words, mean confidence ${Math.round(mean)} %</text>
${textLines.join('\n')}
</svg>`

const scan = await sharp(join(packageRoot, 'samples', sample))
  .resize({ width: scanWidth, height: scanHeight })
  .toBuffer()
const file = join(packageRoot, 'docs/picture.jpg')
const { size } = await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
  .composite([
    { input: scan, left: margin, top: margin },
    { input: Buffer.from(svg), left: 0, top: 0 },
  ])
  .jpeg({ quality: 80, mozjpeg: true })
  .toFile(file)
process.stdout.write(`${file} is written: ${size} bytes\n`)
