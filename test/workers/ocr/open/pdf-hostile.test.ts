import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pdfOf, type PdfPageSource } from '../../../helpers/pages/scanned-pdf.ts'
import { namesMissingPages } from '../../../../workers/ocr/open/pdf/page-counts.ts'
import { auto, barScan, letter, setUp, withScan } from './pdf-pages.ts'

test('an image above the pixel limit is rejected before it is decoded', async (t) => {
  const source = await barScan(400, 600, 100)
  const huge = withScan(source, { width: 40_000, height: 40_000 })
  await assert.rejects(setUp(t).pageOf(huge), { code: 'too_many_pixels', message: /40000 x 40000/ })
})

test('a scan that cannot be decoded is damaged, not an empty page', async (t) => {
  const source = await barScan(400, 600, 100)
  const broken = withScan(source, { jpeg: Buffer.from('no picture') })
  await assert.rejects(setUp(t).pageOf(broken), { code: 'corrupt_pdf' })
})

test('a scan in an encoding that PDFium lacks is unsupported, not damaged', async (t) => {
  const source = await barScan(400, 600, 100)
  const jpeg = source.scan?.jpeg ?? assert.fail('no scan')
  const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'))
  const change = (offset: number, value: number): Buffer => {
    const changed = Buffer.from(jpeg)
    changed[frame + offset] = value
    return changed
  }
  for (const [changed, codec] of [
    [change(1, 0xc3), 'lossless JPEG'],
    [change(1, 0xc9), 'arithmetic JPEG'],
    [change(1, 0xc5), 'hierarchical JPEG'],
    [change(4, 12), 'JPEG with more than 8 bits per sample'],
  ] as const) {
    await assert.rejects(setUp(t).pageOf(withScan(source, { jpeg: changed })), {
      code: 'unsupported_encoding',
      message: `holds an image in an encoding that is not supported (${codec}); save it anew with another program`,
    })
  }
  const named = pdfOf([source]).toString('latin1').replace('/DCTDecode', '/HEVDecode')
  const document = await setUp(t).open(Buffer.from(named, 'latin1'))
  await assert.rejects(document.page(1, auto), {
    code: 'unsupported_encoding',
    message: /the filter HEVDecode/,
  })
})

test('a digital page is not refused for pictures that cannot be read, and has a warning', async (t) => {
  const { scan } = await barScan(400, 600, 100)
  assert.ok(scan)
  const at = [72, 100, 200, 300] as const
  const large = { ...scan, width: 40_000, height: 40_000, at }
  const broken = { ...scan, jpeg: Buffer.from('no picture'), at }
  for (const [picture, why] of [
    [large, /40000 x 40000/],
    [broken, /an image that cannot be decoded/],
  ] as const) {
    const page = await setUp(t).pageOf({ ...letter, picture })
    assert.equal(page.kind, 'layer')
    assert.deepEqual(
      page.warnings?.map(({ code }) => code),
      ['pictures_unread'],
    )
    assert.match(page.warnings?.[0]?.message ?? '', why)
  }
  assert.equal((await setUp(t).pageOf({ ...letter, picture: { ...scan, at } })).warnings, undefined)
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

test('a PDF that announces more pages than its tree names has those of the tree, with a warning', async (t) => {
  const { open } = setUp(t)
  for (const announced of [3, 2_000, 1_000_000]) {
    const document = await open(announcing([letter, letter], announced))
    assert.equal(document.pagesTotal, 2)
    const [first, last] = [await document.page(1, auto), await document.page(2, auto)]
    assert.deepEqual([first.kind, first.warnings], ['layer', undefined])
    assert.equal(last.kind, 'layer')
    assert.deepEqual(last.warnings, [
      {
        code: 'pages_missing',
        message: `the file announces ${announced} pages, and its page tree has 2: this is the last`,
      },
    ])
    await document.close()
  }
})

test('page trees without end are not examined for missing pages', () => {
  const endless = Buffer.from('1 0 obj/Kids['.repeat(400_000))
  assert.equal(namesMissingPages(endless, 1), true)
  const shared = Buffer.from('1 0 obj<</Kids[2 0 R]>>endobj '.repeat(100_000))
  assert.equal(namesMissingPages(shared, 1), true)
})

test('announced pages of a tree that cannot be seen are counted once, and rejected', async (t) => {
  const hidden = announcing([letter], 2_000).toString('latin1').replace('/Kids[', '/Kids%[\n[')
  const document = await setUp(t).open(Buffer.from(hidden, 'latin1'))
  assert.equal(document.pagesTotal, 2)
  assert.equal((await document.page(1, auto)).kind, 'layer')
  await assert.rejects(document.page(2, auto), { code: 'corrupt_pdf' })
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
