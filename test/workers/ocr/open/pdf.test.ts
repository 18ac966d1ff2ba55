import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import type { OpenedPage, PageWishes } from '../../../../workers/ocr/open/opened.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../../helpers/pages/scanned-pdf.ts'

const auto: PageWishes = { dpi: 0, pdfText: 'auto' }

function setUp(t: TestContext, limits: { maxMegapixels?: number; maxPages?: number } = {}) {
  const openers = createOpeners({
    maxPages: 5_000,
    maxMegapixels: 20,
    decodeMs: 20_000,
    decodeBytes: 512 * 2 ** 20,
    ...limits,
  })
  t.after(() => openers.close())
  const open = (bytes: Buffer, password?: string) => openers.open(bytes, password)
  return {
    open,
    pageOf: async (
      source: PdfPageSource,
      wishes: Partial<PageWishes> = {},
    ): Promise<OpenedPage> => {
      const document = await open(pdfOf([source]))
      return document.page(1, { ...auto, ...wishes })
    },
  }
}

const prose = [
  'The harbour master keeps a ledger of every ship that comes in,',
  'with the name of her captain, the port she sailed from,',
  'what she carries, and how deep she lies in the water.',
  'Each evening the entries are read aloud and signed.',
]
const letter: PdfPageSource = { width: 595, height: 842, text: { lines: prose, mode: 0 } }
const cipher: PdfPageSource = {
  ...letter,
  text: {
    lines: prose.map((line) =>
      line.replaceAll(/[a-z]/g, (c) => 'qxzwvkjpbgcfdmlthnsryxqzwv'[c.charCodeAt(0) - 97] ?? c),
    ),
    mode: 0,
  },
}
/** A grey scan with a dark bar near its top left corner. */
async function barScan(width: number, height: number, dpi: number): Promise<PdfPageSource> {
  const bar = await sharp({
    create: { width: width / 4, height: height / 20, channels: 3, background: 'black' },
  })
    .png()
    .toBuffer()
  const paper = sharp({ create: { width, height, channels: 3, background: 'white' } })
  const left = width / 10
  const top = height / 10
  return scanOf(
    await paper
      .composite([{ input: bar, left, top }])
      .png()
      .toBuffer(),
    dpi,
  )
}

function withScan(
  source: PdfPageSource,
  changes: Partial<NonNullable<PdfPageSource['scan']>>,
): PdfPageSource {
  return { ...source, ...(source.scan !== undefined && { scan: { ...source.scan, ...changes } }) }
}

/** The box around what is dark. */
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

test('an image above the pixel limit is rejected before it is decoded', async (t) => {
  const source = await barScan(400, 600, 100)
  const huge = withScan(source, { width: 40_000, height: 40_000 })
  await assert.rejects(setUp(t).pageOf(huge), { code: 'too_many_pixels', message: /40000 x 40000/ })
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
    assert.equal((direction + 360) % 360, rotate, 'the baseline tells which way it is written')
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

test('a scan that cannot be decoded is damaged, not an empty page', async (t) => {
  const source = await barScan(400, 600, 100)
  const broken = withScan(source, { jpeg: Buffer.from('no picture') })
  await assert.rejects(setUp(t).pageOf(broken), { code: 'corrupt_pdf' })
})

test('a broken page fails alone', async (t) => {
  const document = await setUp(t).open(
    pdfOf([letter, { ...letter, instead: '<</Type/Nonsense>>' }, letter]),
  )
  const kinds: string[] = []
  for (let number = 1; number <= document.pagesTotal; number += 1) {
    kinds.push(
      await document.page(number, auto).then(
        ({ kind }) => kind,
        (thrown: { code: string }) => thrown.code,
      ),
    )
  }
  assert.deepEqual([kinds[0], kinds.at(-1)], ['layer', 'layer'])
})

test('files that are no PDF, and PDFs with no or too many pages, are each rejected with a code', async (t) => {
  const { open } = setUp(t, { maxPages: 3 })
  const whole = pdfOf([letter])
  await assert.rejects(open(Buffer.from('%PDF-1.7\n%nothing\n')), { code: 'corrupt_pdf' })
  await assert.rejects(open(whole.subarray(0, 60)), { code: 'corrupt_pdf' })
  await assert.rejects(open(pdfOf([])), { code: 'no_pages' })
  await assert.rejects(open(pdfOf([letter, letter, letter, letter])), {
    code: 'too_many_pages',
    message: 'has 4 pages, more than SCRIPTORIUM_MAX_PAGES=3',
  })
})

test('a PDF of a thousand pages opens up to its last page', async (t) => {
  const document = await setUp(t).open(pdfOf(Array.from({ length: 1_000 }, () => letter)))
  assert.equal(document.pagesTotal, 1_000)
  assert.equal((await document.page(1_000, auto)).kind, 'layer')
})

const announcing = (pages: readonly PdfPageSource[], count: number): Buffer => {
  const text = pdfOf(pages).toString('latin1')
  return Buffer.from(text.replace(`/Count ${pages.length}`, `/Count ${count}`), 'latin1')
}

test('announced but missing pages are counted once, and rejected', async (t) => {
  const { open } = setUp(t)
  for (const announced of [2, 2_000, 1_000_000]) {
    const document = await open(announcing([letter], announced))
    assert.equal(document.pagesTotal, 2)
    assert.equal((await document.page(1, auto)).kind, 'layer')
    await assert.rejects(document.page(2, auto), { code: 'corrupt_pdf' })
    await document.close()
  }
})

test('each missing page of a truncated file is reported', async (t) => {
  const { open } = setUp(t)
  const missing = { width: 1, height: 1, instead: 'null' }
  const document = await open(pdfOf([letter, letter, letter, missing, missing]))
  assert.equal(document.pagesTotal, 5)
  await assert.rejects(document.page(5, auto), { code: 'corrupt_pdf' })
  const hole = await open(pdfOf([letter, missing, letter]))
  assert.equal(hole.pagesTotal, 3)
  const none = await open(pdfOf([missing, missing, missing]))
  assert.equal(none.pagesTotal, 1)
  await assert.rejects(none.page(1, auto), { code: 'corrupt_pdf' })
})

test('a page tree that contains itself does not loop', async (t) => {
  const { open } = setUp(t)
  const pdf = pdfOf([letter]).toString('latin1')
  const circular = pdf.replace(/\/Kids\[(\d+) 0 R\]/, (all) =>
    `/Kids[1 0 R]`.padEnd(all.length, ' '),
  )
  const verdict = await open(Buffer.from(circular, 'latin1')).then(
    (document) =>
      document.page(1, auto).then(
        () => 'read',
        (thrown: { code: string }) => thrown.code,
      ),
    (thrown: { code: string }) => thrown.code,
  )
  assert.match(verdict, /^(corrupt_pdf|no_pages)$/)
})

test('a form that contains itself does not loop', async (t) => {
  const document = await setUp(t).open(selfContainingForm())
  const page = await document.page(1, { ...auto, pdfText: 'skip' })
  assert.equal(page.kind, 'pixels')
})

function selfContainingForm(): Buffer {
  const form = '/F Do'
  const body = `%PDF-1.7
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>endobj
4 0 obj<</Length ${form.length}>>stream
${form}
endstream endobj
5 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</F 5 0 R>>>>/Length ${form.length}>>stream
${form}
endstream endobj
trailer<</Root 1 0 R>>
`
  return Buffer.from(body, 'latin1')
}
