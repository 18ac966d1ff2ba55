import assert from 'node:assert/strict'
import sharp from 'sharp'
import { createOpeners } from '../../../workers/ocr/open/open.ts'
import type { Ending } from '../folder.ts'

export const [width, height] = [64, 32]
const isInk = (x: number, y: number): boolean => x >= 8 && x < 40 && y >= 8 && y < 24

/** Levels of a page with one dark rectangle of 32 x 16 pixels. */
export const grey = Buffer.from(
  Array.from({ length: width * height }, (_, at) =>
    isInk(at % width, Math.floor(at / width)) ? 20 : 255,
  ),
)

/** Samples of every pixel of that page, one after another. */
export const pixels = (channels: number, of: (level: number, channel: number) => number): Buffer =>
  Buffer.from(
    [...grey].flatMap((level) => Array.from({ length: channels }, (_, c) => of(level, c))),
  )

export function checkLevels(levels: Buffer, tolerance: number): void {
  assert.equal(levels.length, grey.length)
  const worst = Math.max(...levels.map((level, at) => Math.abs(level - (grey[at] ?? 0))))
  assert.ok(worst <= tolerance, `off by ${worst}`)
}

/** Returns a function that opens a file and decodes all its pages, without their text. */
export function makeOpening(ending: Ending) {
  const openers = createOpeners({
    maxPages: 10,
    maxMegapixels: 4,
    decodeMs: 20_000,
    decodeBytes: 512 * 2 ** 20,
  })
  ending.after(() => openers.close())
  return async (bytes: Buffer) => {
    const document = await openers.open(bytes, undefined)
    const pages = []
    for (let number = 1; number <= document.pagesTotal; number += 1) {
      const page = await document.page(number, { dpi: 0, pdfText: 'auto' })
      assert.ok(page.kind === 'pixels')
      const { data, raw, page: index = 0 } = page.pixels
      const image = raw === undefined ? sharp(data, { page: index }) : sharp(data, { raw })
      const levels = await image.flatten({ background: 'white' }).greyscale().raw().toBuffer()
      pages.push({ width: page.width, height: page.height, dpi: page.dpi, levels })
    }
    await document.close()
    return pages
  }
}
