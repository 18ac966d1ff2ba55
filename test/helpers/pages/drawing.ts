import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import sharp from 'sharp'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { decoder } from './output-decoder.ts'
import { makeFolder, placeOf } from '../folder.ts'
import { makeLine, makeScan, scanOf, wordsOf } from './scan.ts'
import { boxesOf, runTool } from '../tools.ts'

/** Of the drawing, pixels. */
export const [width, height] = [620, 877]

/** A picture in which no two corners look alike. */
export function drawing(channels: 3 | 4 = 3) {
  const pixels = Buffer.alloc(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels
      pixels[at] = (x * 255) / width
      pixels[at + 1] = (y * 255) / height
      pixels[at + 2] = (x >> 5) % 2 === (y >> 5) % 2 ? 255 : 0
      if (channels === 4) pixels[at + 3] = x < width / 2 ? 255 : 128
    }
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

const line = makeLine(
  [
    ['Alpha', [60, 100, 160, 128]],
    ['gamma', [180, 108, 300, 136]],
    ['–', [320, 114, 340, 118]],
    ['“omega”', [360, 100, 500, 128]],
  ],
  [60, 128, 500, 128.6],
  36,
)
export const scan = (given: Partial<PageResult> = {}): PageResult =>
  makeScan([line], { width, height, dpi: 75, ...given })

/** Makes the PDF of an image file and checks the common properties. Returns its path. */
export async function makePdf(
  t: TestContext,
  bytes: Buffer,
  mediaType: string,
  pages: readonly PageResult[],
): Promise<string> {
  const folder = makeFolder(t)
  const file = join(folder, 'a.png')
  writeFileSync(file, bytes)
  const files = createOutputFiles(folder)
  const { unavailable } = await files.write(scanOf(file, mediaType, pages), ['pdf'], {
    file: placeOf(file),
    decoder,
  })
  assert.deepEqual(unavailable, [])
  const pdf = `${file}.pdf`
  const checked = runTool('qpdf', ['--check', pdf])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  const largest = bytes.length * 1.05 + 40_960 * pages.length
  assert.ok(statSync(pdf).size <= largest, `${statSync(pdf).size} bytes of ${bytes.length}`)
  return pdf
}

/** Asserts that every word is found where it is, to 3 pixels at 150 DPI. */
export function assertPlaced(pdf: string, pages: readonly PageResult[], resolution = 75): void {
  const found = boxesOf(pdf)
  const words = wordsOf(pages)
  assert.deepEqual(
    found.map(({ text }) => text).toSorted(),
    words.map(({ text }) => text).toSorted(),
  )
  for (const { text, bbox, page } of words) {
    const wanted = [bbox.x0, bbox.y0, bbox.x1, bbox.y1].map((pixels) => (pixels * 150) / resolution)
    const boxes = found.filter((word) => word.text === text && word.page === page)
    const off = boxes.map(({ box }) =>
      Math.max(...box.map((points, side) => Math.abs((points * 150) / 72 - (wanted[side] ?? 0)))),
    )
    assert.ok(Math.min(...off) <= 3, `${text} is off by ${off.join(', ')} pixels`)
  }
}

/** The first image of a PDF, as it is stored. */
export function pictureOf(
  t: TestContext,
  pdf: string,
  kind: '-png' | '-j' | '-ccitt' | '-jp2',
  extension: string,
): Buffer {
  const prefix = join(makeFolder(t), 'picture')
  assert.equal(runTool('pdfimages', [kind, pdf, prefix]).status, 0)
  return readFileSync(`${prefix}-000.${extension}`)
}

const pixelsOf = (image: Buffer): Promise<Buffer> =>
  sharp(image).removeAlpha().toColourspace('srgb').raw().toBuffer()

/** Compares both at 8 bits. */
export async function assertSamePixels(found: Buffer, wanted: Buffer): Promise<void> {
  const [a, b] = [await pixelsOf(found), await pixelsOf(wanted)]
  assert.equal(a.length, b.length)
  const most = a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - (b[at] ?? 0))), 0)
  assert.ok(most === 0, `pixels differ by ${most}`)
}

const small = { width: 64, height: 64, fit: 'fill' } as const

const pixelsOfSmall = (image: Buffer): Promise<Buffer> =>
  sharp(image).flatten({ background: 'white' }).resize(small).toColourspace('srgb').raw().toBuffer()

/** Asserts that a PDF's first page looks like a picture; the mean difference of its samples is below `most`. */
export async function assertLooksLike(
  t: TestContext,
  pdf: string,
  picture: Buffer,
  most = 6,
): Promise<void> {
  const prefix = join(makeFolder(t), 'page')
  runTool('pdftoppm', ['-png', '-singlefile', '-r', '75', pdf, prefix])
  const shown = await pixelsOfSmall(readFileSync(`${prefix}.png`))
  const wanted = await pixelsOfSmall(picture)
  const sum = shown.reduce((total, value, at) => total + Math.abs(value - (wanted[at] ?? 0)), 0)
  assert.ok(sum / shown.length < most, `it differs by ${sum / shown.length}`)
}
