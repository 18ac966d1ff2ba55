import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PDFDocument, PDFName } from '@cantoo/pdf-lib'
import sharp from 'sharp'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { writeBook } from '../../../services/outputs/pdf/book.ts'
import { withoutInvisibleText } from '../../../services/outputs/pdf/parse/bare-content.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { makeFolder, placeOf } from '../../helpers/folder.ts'
import { decoder } from '../../helpers/pages/output-decoder.ts'
import { makeLine, makeScan, scanOf as documentOf } from '../../helpers/pages/scan.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../helpers/pages/scanned-pdf.ts'
import { glyphsOf, makeTinyFont } from '../../helpers/pages/tiny-font.ts'
import { pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'

const skip = withoutTools('qpdf', 'pdftotext')
const line = makeLine(
  [
    ['Newly', [100, 300, 220, 338]],
    ['read', [240, 300, 330, 330]],
  ],
  [100, 330, 330, 330],
)
const page = (given: Partial<PageResult> = {}): PageResult =>
  makeScan([line], { page: 1, width: 620, height: 877, dpi: 75, ...given })

async function scan(): Promise<PdfPageSource> {
  const paper = sharp({ create: { width: 620, height: 877, channels: 3, background: '#eee' } })
  return scanOf(await paper.png().toBuffer(), 75)
}

/** The words of the searchable PDF of a file. */
async function wordsOf(t: TestContext, bytes: Buffer, pages: PageResult[]): Promise<string[]> {
  const folder = makeFolder(t)
  const file = join(folder, 'a.png')
  writeFileSync(file, bytes)
  const document = documentOf(file, 'application/pdf', pages)
  const input = { file: placeOf(file), decoder }
  const { unavailable } = await createOutputFiles(folder).write(document, ['pdf'], input)
  assert.deepEqual(unavailable, [])
  const pdf = `${file}.pdf`
  const checked = runTool('qpdf', ['--check', pdf])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  return pdfTextOf(pdf).split(/\s+/).filter(Boolean)
}

const hidden = { lines: ['Olb lager'], mode: 3 } as const

test('an invisible old layer goes where the page was read again', { skip }, async (t) => {
  const source = { ...(await scan()), text: hidden }
  assert.deepEqual(await wordsOf(t, pdfOf([source]), [page()]), ['Newly', 'read'])
  const kept = page({ textSource: 'layer', blocks: [] })
  assert.deepEqual(await wordsOf(t, pdfOf([source]), [kept]), ['Olb', 'lager'])
})

test('a page whose reading found nothing keeps its layer', { skip }, async (t) => {
  const source = { ...(await scan()), text: hidden }
  const empty = makeScan([], { page: 1, width: 620, height: 877, dpi: 75 })
  assert.deepEqual(await wordsOf(t, pdfOf([source]), [empty]), ['Olb', 'lager'])
})

test('an old layer below the scan goes, too; text on the scan stays', { skip }, async (t) => {
  const below = {
    ...(await scan()),
    isTextBelow: true,
    text: { lines: ['Below'], mode: 0 },
  } as const
  assert.deepEqual(await wordsOf(t, pdfOf([below]), [page()]), ['Newly', 'read'])
  const above = { ...(await scan()), text: { lines: ['Stamp'], mode: 0 } } as const
  assert.deepEqual(await wordsOf(t, pdfOf([above]), [page()]), ['Stamp', 'Newly', 'read'])
})

test('exact text of a mixed page gets no second layer', { skip }, async (t) => {
  const source = { ...(await scan()), text: { lines: ['Stamp'], mode: 0 } } as const
  const read = page({ textSource: 'mixed', textReason: 'text_on_scan' })
  const [stamp] = makeScan([makeLine([['Stamp', [75, 70, 110, 82]]], [75, 80, 110, 80])]).blocks
  assert.ok(stamp)
  const blocks = [{ ...stamp, isOwnText: true }, ...read.blocks]
  assert.deepEqual(await wordsOf(t, pdfOf([source]), [{ ...read, blocks }]), [
    'Stamp',
    'Newly',
    'read',
  ])
})

test('recognised words that the page shows as text get no second layer', { skip }, async (t) => {
  const source = { ...(await scan()), text: { lines: ['Stamp'], mode: 0 } } as const
  const read = page({ textReason: 'skipped' })
  const stamp = makeLine([['Stamp', [75, 70, 110, 82]]], [75, 80, 110, 80])
  const shown = { ...stamp, words: stamp.words.map((word) => ({ ...word, isShown: true })) }
  const { blocks } = makeScan([shown, line])
  assert.deepEqual(await wordsOf(t, pdfOf([source]), [{ ...read, blocks }]), [
    'Stamp',
    'Newly',
    'read',
  ])
})

/** A PDF whose old layer is in a form, as OCRmyPDF writes it. */
async function withForm(): Promise<Buffer> {
  const pdf = await PDFDocument.load(pdfOf([await scan()]))
  const [first] = pdf.getPages()
  assert.ok(first)
  const { context } = pdf
  const font = context.register(
    context.obj({ Type: 'Font', Subtype: 'Type1', BaseFont: 'Helvetica' }),
  )
  const form = context.flateStream('BT /F 12 Tf 3 Tr 72 700 Td (In a form) Tj ET', {
    Type: 'XObject',
    Subtype: 'Form',
    BBox: [0, 0, 600, 850],
    Resources: { Font: { F: font } },
  })
  first.node.setXObject(PDFName.of('OCR-1a.b'), context.register(form))
  first.node.addContentStream(context.register(context.flateStream('q /OCR-1a.b Do Q')))
  return Buffer.from(await pdf.save())
}

test('an old layer in a form goes', { skip }, async (t) => {
  const input = await withForm()
  const before = join(makeFolder(t), 'before.pdf')
  writeFileSync(before, input)
  assert.match(pdfTextOf(before), /In a form/)
  assert.deepEqual(await wordsOf(t, input, [page()]), ['Newly', 'read'])
})

test('an old layer goes from the one PDF of many documents, too', { skip }, async (t) => {
  for (const bytes of [pdfOf([{ ...(await scan()), text: hidden }]), await withForm()]) {
    const folder = makeFolder(t)
    const file = join(folder, 'a.png')
    writeFileSync(file, bytes)
    const document = documentOf(file, 'application/pdf', [page()])
    const finished = { document, input: { file: placeOf(file), decoder } }
    const chunks: Buffer[] = []
    for await (const chunk of writeBook([finished], 'book', assert.fail)) chunks.push(chunk)
    const book = join(folder, 'book.pdf')
    writeFileSync(book, Buffer.concat(chunks))
    assert.equal(runTool('qpdf', ['--check', book]).status, 0)
    assert.deepEqual(pdfTextOf(book).split(/\s+/).filter(Boolean), ['Newly', 'read'])
  }
})

const bare = (content: string): string => {
  const surroundings = { find: () => undefined, box: [0, 0, 100, 100] } as const
  return String(withoutInvisibleText(Buffer.from(content, 'latin1'), surroundings)?.content)
}

test('only invisible text goes from a content stream; everything else keeps its bytes', () => {
  assert.equal(bare('BT 3 Tr (a\\)b) Tj 0 Tr (c) Tj ET'), 'BT 3 Tr   0 Tr (c) Tj ET')
  assert.equal(bare('q 3 Tr Q BT (a) Tj ET'), 'q 3 Tr Q BT (a) Tj ET')
  assert.equal(
    bare('BT 7 Tr (a) \' 1 2 (b) " [(c) -3 <64>] TJ ET'),
    'BT 7 Tr  T*   1 Tw 2 Tc T*    ET',
  )
  const others = [
    'BI /W 1 /H 1 /BPC 8 /CS /G ID \x00(EI x\nEI Q',
    '% 3 Tr (a) Tj\n(b) Tj',
    '/Span <</ActualText (3 Tr)>> BDC (a) Tj EMC',
    '(unbalanced (a) Tj',
    '<61 Tj',
    '3 T',
  ]
  for (const content of others) assert.equal(bare(content), content)
})

test('a long or nested content stream takes little time', () => {
  for (const content of [
    'q '.repeat(500_000),
    '('.repeat(1_000_000),
    '[ '.repeat(500_000),
    '/a '.repeat(300_000),
  ]) {
    const began = performance.now()
    bare(content)
    assert.ok(performance.now() - began < 5_000)
  }
})

const faults = 'faults/print'
test('the old layer of the faults is found', { skip: withoutCorpus(faults) || skip }, async (t) => {
  for (const name of ['f08_old_layer_bad.pdf', 'f10_layer_of_spaced_letters.pdf']) {
    const bytes = readFileSync(inCorpus(`${faults}/${name}`))
    const read = page({ width: 1240, height: 1754, dpi: 150 })
    assert.deepEqual(await wordsOf(t, bytes, [read]), ['Newly', 'read'], name)
  }
})

test('every reader finds exact text of a font without a Unicode table', { skip }, async (t) => {
  const glyphs = { font: makeTinyFont(), of: glyphsOf }
  const text = { lines: ['Exact words'], mode: 0, glyphs } as const
  const bytes = pdfOf([{ width: 595, height: 842, text }])
  const before = join(makeFolder(t), 'before.pdf')
  writeFileSync(before, bytes)
  assert.doesNotMatch(pdfTextOf(before), /Exact/)
  const taken = page({ textSource: 'layer', textReason: 'exact_text', blocks: [] })
  assert.deepEqual(await wordsOf(t, bytes, [taken]), ['Exact', 'words'])
  const wrong = { ...taken, textSource: 'engine', textReason: 'doubtful_text' } as const
  assert.doesNotMatch((await wordsOf(t, bytes, [wrong])).join(' '), /Exact/)
})
