import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputDocument } from '../../../services/outputs/format.ts'
import { writeCsv } from '../../../services/outputs/plain/csv.ts'
import { writePassages } from '../../../services/outputs/plain/passages.ts'
import { writeMarkdown } from '../../../services/outputs/plain/markdown.ts'
import { writeHtml } from '../../../services/outputs/xml/html.ts'
import { documentOf } from '../../../services/outputs/from-ledger.ts'
import type { Block } from '../../../shared/contract/result/layout.ts'
import type { Ending } from '../../helpers/folder.ts'
import { blockOf, lineAt, textLine } from '../../helpers/ledger/layout.ts'
import { firstPass, makeLedger, makePlan, rowOf } from '../../helpers/ledger/ledger.ts'
import { input, makePage, makeRequest } from '../../helpers/ledger/records.ts'

async function makeDocument(ending: Ending, ...pages: Block[][]): Promise<OutputDocument> {
  const ledger = makeLedger(ending)
  ledger.documents.plan(makePlan('d1'))
  ledger.documents.setInput(firstPass('d1'), input, pages.length)
  pages.forEach((blocks, index) =>
    ledger.pages.putResult('d1', makePage({ page: index + 1, blocks })),
  )
  ledger.documents.setRead(
    firstPass('d1'),
    { outcome: 'succeeded', error: null, worker: 'w1' },
    null,
  )
  return documentOf(ledger, rowOf(ledger, 'd1'), makeRequest({ out: '/out' }))
}

const table = (y: number, ...rows: string[][]): Block =>
  blockOf(
    ...rows.map((cells, at) =>
      lineAt(
        y + at * 30,
        cells.flatMap((cell, column) => (cell === '' ? [] : [[cell, 100 + column * 300] as const])),
      ),
    ),
  )

const first = [
  blockOf(textLine(20, 'A <Title>', 100, 40)),
  blockOf(textLine(100, '1867 was a *good* year_end & so_on')),
  table(200, ['Item', 'Price'], ['a|b', '1.50'], ['c', '-2'], ['=SUM(A1)', '3']),
]
const second = [
  blockOf(textLine(20, '# no heading')),
  table(200, ['12', '1'], ['24', '2'], ['36', '"3,5"']),
]

test('Markdown has headings, escaped text, tables with a header, and marks of pages', async (t) => {
  const document = await makeDocument(t, first, second)
  assert.equal(
    [...writeMarkdown(document)].join(''),
    String.raw`# A \<Title\>

1867 was a \*good\* year_end & so_on

| Item | Price |
| --- | --- |
| a\|b | 1.50 |
| c | -2 |
| =SUM(A1) | 3 |

<!-- page 2 -->

\# no heading

|  |  |
| --- | --- |
| 12 | 1 |
| 24 | 2 |
| 36 | "3,5" |
`,
  )
})

test('CSV has all tables, quotes where needed, and no formulas', async (t) => {
  const document = await makeDocument(t, first, second)
  assert.equal(
    [...writeCsv(document)].join(''),
    `Item,Price\r\na|b,1.50\r\nc,-2\r\n'=SUM(A1),3\r\n\r\n12,1\r\n24,2\r\n36,"""3,5"""\r\n`,
  )
  assert.equal(
    [...writeCsv(await makeDocument(t, [blockOf(textLine(20, 'no table'))]))].join(''),
    '',
  )
})

test('HTML has a section for each page, and everything escaped', async (t) => {
  const html = [...writeHtml(await makeDocument(t, first, second))].join('')
  assert.match(html, /^<!DOCTYPE html>\n<html xmlns="http:\/\/www.w3.org\/1999\/xhtml" lang="en">/)
  assert.match(html, /<section id="page-1">\n<h1>A &#x3C;Title><\/h1>/)
  assert.match(
    html,
    /<tr><th>Item<\/th><th>Price<\/th><\/tr>\n<tr><td>a\|b<\/td><td>1.50<\/td><\/tr>/,
  )
  assert.match(html, /<section id="page-2">\n<p># no heading<\/p>\n<table>\n<tr><td>12<\/td>/)
})

test('passages are short, begin at headings, and have their page and boxes', async (t) => {
  const sentence = 'The harbour was full of ships that day. '
  const long = Array.from({ length: 80 }, (_, at) => textLine(100 + at * 30, sentence.trim()))
  const document = await makeDocument(
    t,
    [
      blockOf(textLine(20, 'A Title', 100, 40)),
      blockOf(...long),
      blockOf(textLine(2_600, 'Next Part', 100, 40)),
      blockOf(textLine(2_700, 'Short.')),
    ],
    [blockOf(textLine(20, 'Second page.'))],
  )
  const lines = [...writePassages(document)].map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ page, number, heading }) => [page, number, heading]),
    [
      [1, 1, 'A Title'],
      [1, 2, 'A Title'],
      [1, 3, 'A Title'],
      [1, 4, 'Next Part'],
      [2, 5, 'Next Part'],
    ],
  )
  assert.ok(lines.every(({ text }) => text.length <= 1_500))
  const whole = lines
    .slice(0, 3)
    .map(({ text }) => text)
    .join(' ')
  assert.equal(whole.split('full of ships').length, 81, 'nothing is lost or doubled')
  assert.ok(
    lines.slice(0, 3).every(({ text }) => /(?:\.|Title)$/.test(text)),
    'cut after sentences',
  )
  assert.deepEqual(lines[3].boxes, [
    { x0: 100, y0: 2_600, x1: 186, y1: 2_640 },
    { x0: 100, y0: 2_700, x1: 160, y1: 2_720 },
  ])
})
