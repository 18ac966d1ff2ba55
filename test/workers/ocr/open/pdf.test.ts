import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenedPage } from '../../../../workers/ocr/open/opened.ts'
import type { PdfPageSource } from '../../../helpers/pages/scanned-pdf.ts'
import { barScan, letter, prose, setUp } from './pdf-pages.ts'

const cipher: PdfPageSource = {
  ...letter,
  text: {
    lines: prose.map((line) =>
      line.replaceAll(/[a-z]/g, (c) => 'qxzwvkjpbgcfdmlthnsryxqzwv'[c.charCodeAt(0) - 97] ?? c),
    ),
    mode: 0,
  },
}
/** The box around all dark pixels. */
function inkOf(page: OpenedPage): { x0: number; y0: number; x1: number; y1: number } {
  assert.ok(page.kind === 'pixels')
  const { width } = page
  const box = { x0: Infinity, y0: Infinity, x1: 0, y1: 0 }
  page.pixels.data.forEach((level, index) => {
    if (level > 100) return
    const [x, y] = [index % width, Math.floor(index / width)]
    Object.assign(box, {
      x0: Math.min(box.x0, x),
      y0: Math.min(box.y0, y),
      x1: Math.max(box.x1, x + 1),
      y1: Math.max(box.y1, y + 1),
    })
  })
  return box
}

test('a scanned page is rendered pixel for pixel at its own resolution', async (t) => {
  const { pageOf } = setUp(t)
  for (const dpi of [96, 200, 333]) {
    const page = await pageOf(await barScan(400, 600, dpi))
    assert.deepEqual([page.kind, page.width, page.height], ['pixels', 400, 600])
    assert.ok(Math.abs((page.dpi ?? 0) - dpi) < 0.1, `${page.dpi}`)
    const { x0, y0, x1, y1 } = inkOf(page)
    assert.deepEqual([x0, y0, x1, y1], [40, 60, 140, 90])
  }
})

test('a page without a scan is rendered at 300 dpi, or at the resolution of the recipe', async (t) => {
  const { pageOf } = setUp(t)
  const page = await pageOf(letter, { pdfText: 'skip' })
  assert.deepEqual([page.width, page.height, page.dpi], [2479, 3508, 300])
  assert.equal((await pageOf(letter, { pdfText: 'skip', dpi: 150 })).dpi, 150)
})

test('a page above the pixel limit is rendered at a lower resolution', async (t) => {
  const { pageOf } = setUp(t, { maxMegapixels: 2 })
  const { width, height, dpi } = await pageOf(letter, { pdfText: 'skip' })
  assert.ok(width * height <= 2e6 && width * height > 1.9e6, `${width} x ${height}`)
  assert.ok(Math.abs(((dpi ?? 0) * 595) / 72 - width) <= 0.5)
})

test('a rotated page is rendered as it is displayed', async (t) => {
  const { pageOf } = setUp(t)
  const source = await barScan(400, 600, 100)
  const wanted = {
    90: [600 - 90, 40, 600 - 60, 140],
    180: [400 - 140, 600 - 90, 400 - 40, 600 - 60],
    270: [60, 400 - 140, 90, 400 - 40],
  }
  for (const rotate of [90, 180, 270] as const) {
    const page = await pageOf({ ...source, rotate })
    const { x0, y0, x1, y1 } = inkOf(page)
    assert.deepEqual([x0, y0, x1, y1], wanted[rotate], `/Rotate ${rotate}`)
  }
})

test("a page's own text is used, and its boxes contain the ink of the displayed page", async (t) => {
  const { pageOf } = setUp(t)
  for (const rotate of [0, 90, 180, 270] as const) {
    const page = await pageOf({ ...letter, rotate })
    assert.ok(page.kind === 'layer', `/Rotate ${rotate}`)
    assert.equal(page.layer.text, prose.join('\n'), `/Rotate ${rotate}`)
    const [block] = page.layer.blocks
    const shown = await pageOf({ ...letter, rotate }, { pdfText: 'skip' })
    const ink = inkOf(shown)
    const { bbox } = block ?? assert.fail('no block')
    for (const side of ['x0', 'y0', 'x1', 'y1'] as const) {
      assert.ok(
        Math.abs(bbox[side] - ink[side]) <= 3,
        `/Rotate ${rotate} ${side}: ${bbox[side]} ${ink[side]}`,
      )
    }
    const line = block?.paragraphs[0]?.lines[0] ?? assert.fail('no line')
    assert.deepEqual(
      line.words.map(({ text }) => text),
      prose[0]?.split(' '),
    )
    const { x0, y0, x1, y1 } = line.baseline
    const direction = Math.round((Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI)
    assert.equal((direction + 360) % 360, rotate, 'the baseline has the direction of the text')
    assert.ok(line.size > 40 && line.size < 70, `12 points at 300 dpi, and not ${line.size} px`)
  }
})

test('text of a font without meaningful codes is ignored, unless it is forced', async (t) => {
  const { pageOf } = setUp(t)
  assert.equal((await pageOf(cipher)).kind, 'pixels')
  assert.equal((await pageOf(cipher, { pdfText: 'force' })).kind, 'layer')
  assert.equal((await pageOf(letter, { pdfText: 'skip' })).kind, 'pixels')
})

test('a sound OCR layer behind a scan is used, a stamp on a scan is not', async (t) => {
  const { pageOf } = setUp(t)
  const scan = await barScan(1_240, 1_760, 150)
  const layered = await pageOf({
    ...scan,
    text: { lines: [...prose, ...prose, ...prose], mode: 3 },
  })
  assert.equal(layered.kind, 'layer')
  const stamped = await pageOf({ ...scan, text: { lines: ['Received 3 May'], mode: 0 } })
  assert.equal(stamped.kind, 'pixels')
})

test('a poor OCR layer is ignored, and its page is read again', async (t) => {
  const scan = await barScan(1_240, 1_760, 150)
  const bad = prose.map((line) => line.replaceAll('ea', 'eA').replaceAll('or', '0r'))
  const page = await setUp(t).pageOf({ ...scan, text: { lines: [...bad, ...bad], mode: 3 } })
  assert.equal(page.kind, 'pixels')
})

test('forcing the text of a page without text has no effect', async (t) => {
  const page = await setUp(t).pageOf(await barScan(400, 600, 100), { pdfText: 'force' })
  assert.equal(page.kind, 'pixels')
})
