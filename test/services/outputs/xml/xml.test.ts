import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeAlto } from '../../../../services/outputs/xml/alto.ts'
import type { OutputDocument } from '../../../../services/outputs/format.ts'
import { writeHocr } from '../../../../services/outputs/xml/hocr.ts'
import { writePage } from '../../../../services/outputs/xml/page-xml.ts'
import { writeTsv } from '../../../../services/outputs/plain/tsv.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { pngOf } from '../../../helpers/pages/pages.ts'
import { makeDocument, makeLine, makeScan } from '../../../helpers/pages/scan.ts'
import { runTool, withoutTools } from '../../../helpers/tools.ts'

const schemas = inCorpus('schemas')
const withoutSchemas = withoutCorpus('schemas') || withoutTools('xmllint')

const plain = makeLine(
  [
    ['Fish', [100, 100, 180, 140]],
    ['&', [200, 100, 220, 140]],
    ['<chips>', [240.4, 99.6, 360, 148]],
  ],
  [100, 139, 360, 141],
)
const upwards = makeLine([['upwards', [600, 200, 640, 480]]], [636, 480, 636, 200])
const hebrew = makeLine([['שלום', [100, 300, 180, 340]]], [100, 338, 180, 338])
const unsayable = makeLine([['\u0007\ud800', [1, 1, 2, 2]]], [1, 2, 2, 2])
const broken = makeLine(
  [['be\u0000ll\u0007 \ud83d\ude00\ud800', [100, 400, 180, 440]]],
  [100, 438, 180, 438],
)

const document: OutputDocument = {
  ...makeDocument([
    makeScan([plain, upwards, hebrew, unsayable, broken]),
    makeScan([], { page: 3, outcome: 'empty', text: '', dpi: null }),
  ]),
  path: 'box "1"/a & b.tif',
}

const whole = (chunks: Iterable<string>): string => [...chunks].join('')

function validate(t: TestContext, content: string, schema?: string): string {
  const file = join(makeFolder(t), 'output.xml')
  writeFileSync(file, content)
  const given = schema === undefined ? [] : ['--schema', join(schemas, schema)]
  return runTool('xmllint', ['--noout', '--nonet', ...given, file]).stderr.replace(
    `${file} validates\n`,
    '',
  )
}

test('ALTO is valid by its schema, for any result', { skip: withoutSchemas }, (t) => {
  const alto = whole(writeAlto(document))
  assert.equal(validate(t, alto, 'alto-4-4.xsd'), '')
  assert.notEqual(validate(t, alto.replace('HPOS', 'HPAS'), 'alto-4-4.xsd'), '', 'faults are seen')
})

test('PAGE is valid by its schema, for any result', { skip: withoutSchemas }, (t) => {
  for (const page of document.pages) {
    const content = whole(writePage({ ...document, pages: [page] }))
    assert.equal(validate(t, content, 'page-2019-07-15.xsd'), '')
  }
  const outside = makeLine([['edge', [-3.2, -1, 2_000, 40]]], [-3, 39, 2_000, 39])
  const content = whole(writePage(makeDocument([makeScan([outside])])))
  assert.equal(validate(t, content, 'page-2019-07-15.xsd'), '')
})

test('hOCR is well-formed XHTML', { skip: withoutTools('xmllint') }, (t) => {
  const hocr = whole(writeHocr(document))
  assert.equal(validate(t, hocr), '')
  assert.notEqual(validate(t, hocr.replace('</body>', '')), '', 'faults are seen')
})

test('hOCR has the required elements of its specification', () => {
  const hocr = whole(writeHocr(document))
  assert.match(hocr, /<meta name="ocr-system" content="scriptorium \d/)
  assert.match(
    hocr,
    /title="image &#x22;box \\&#x22;1\\&#x22;\/a &#x26; b.tif&#x22;; bbox 0 0 1240 1754; ppageno 0; scan_res 150 150"/,
  )
  assert.match(
    hocr,
    /class="ocr_line"[^>]*title="bbox 100 100 360 148; baseline 0.008 -9; x_size 40"/,
  )
  assert.match(hocr, /class="ocr_line"[^>]*title="bbox 600 200 640 480; textangle 90; x_size 40"/)
  assert.match(
    hocr,
    /class="ocrx_word"[^>]*title="bbox 240 100 360 148; x_wconf 92">&#x3C;chips><\/span>/,
  )
  assert.match(
    hocr,
    /ppageno 2"/,
    'a page that is missing is left out, and the others keep their numbers',
  )
  assert.match(hocr, />bell 😀</u, 'characters that XML does not have are dropped')
})

test('ALTO and PAGE contain the direction of lines', () => {
  const alto = whole(writeAlto(document))
  assert.match(alto, /BASELINE="636 480 636 200"/)
  assert.match(alto, /BASEDIRECTION="rtl"><String[^>]*CONTENT="שלום"/)
  const turned = makeScan([upwards], {
    orientation: { isMirrored: false, rotation: 270, skew: -0.5 },
  })
  assert.match(whole(writeAlto(makeDocument([turned]))), /<TextBlock[^>]* ROTATION="90"/)
  const page = whole(writePage(makeDocument([turned])))
  assert.match(page, /<Page [^>]*orientation="-90.5"/)
  assert.match(page, /<TextRegion [^>]*orientation="90"/)
  assert.match(page, /<Baseline points="636,480 636,200"/)
})

test('OCRmyPDF accepts a hOCR file', { skip: withoutTools('ocrmypdf', 'pdftotext') }, async (t) => {
  const folder = makeFolder(t)
  mkdirSync(folder, { recursive: true })
  const [hocr, image, pdf] = ['a.hocr', 'a.png', 'a.pdf'].map((name) => join(folder, name))
  const lines = [plain, makeLine([['Grüße', [100, 500, 240, 540]]], [100, 538, 240, 538])]
  writeFileSync(hocr!, whole(writeHocr(makeDocument([makeScan(lines)]))))
  writeFileSync(image!, await pngOf('a peer reads it'))
  const given = ['-m', 'ocrmypdf.hocrtransform', '-r', '150', '-i', image!, hocr!, pdf!]
  // Debian's own Python, which has Debian's packages.
  const transformed = runTool('/usr/bin/python3', given)
  assert.equal(transformed.status, 0, transformed.stderr)
  assert.deepEqual(runTool('pdftotext', [pdf!, '-']).stdout.match(/\S+/g), [
    'Fish',
    '&',
    '<chips>',
    'Grüße',
  ])
})

test('TSV has the columns and the levels of Tesseract', () => {
  const rows = whole(writeTsv(document))
    .split('\n')
    .map((row) => row.split('\t'))
  const columns =
    'level page_num block_num par_num line_num word_num left top width height conf text'
  assert.deepEqual(rows[0], columns.split(' '))
  assert.deepEqual(
    rows.slice(1, 6).map((row) => row.join(' ')),
    [
      '1 1 0 0 0 0 0 0 1240 1754 -1 ',
      '2 1 1 0 0 0 1 1 639 479 -1 ',
      '3 1 1 1 0 0 1 1 639 479 -1 ',
      '4 1 1 1 1 0 100 100 260 48 -1 ',
      '5 1 1 1 1 1 100 100 80 40 91.500000 Fish',
    ],
  )
  assert.ok(rows.slice(0, -1).every((row) => row.length === 12))
  assert.equal(rows.at(-2)?.join(' '), '1 3 0 0 0 0 0 0 1240 1754 -1 ')
})
