import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partsOf, type Part } from '../../../../services/outputs/structure/parts.ts'
import type { Block } from '../../../../shared/contract/result/layout.ts'
import { blockOf, lineAt, textLine } from '../../../helpers/ledger/layout.ts'
import { makePage } from '../../../helpers/ledger/records.ts'

const parts = (...blocks: Block[]): Part[] =>
  partsOf(makePage({ blocks, text: blocks.map(({ text }) => text).join('\n') }))
const withoutBoxes = (found: readonly Part[]): object[] =>
  found.map((part) => JSON.parse(JSON.stringify({ ...part, bbox: undefined })))
const rowsOf = (found: readonly Part[]): string[][] =>
  found.flatMap((part) => (part.kind === 'table' ? part.table.rows.map((row) => [...row]) : []))
const kinds = (found: readonly Part[]): string[] => found.map(({ kind }) => kind)

const prose = (y: number, x = 100) =>
  blockOf(
    textLine(y, 'A line of running text that fills the width of the page', x),
    textLine(y + 30, 'and another one of the same length that follows the first', x),
    textLine(y + 60, 'and one more, so that this is a paragraph of three lines.', x),
  )

/** A table of four rows; the amounts are right-aligned. */
const invoice: [string, string, string][] = [
  ['Item', 'Count', 'Price'],
  ['Oak planks', '12', '220.80'],
  ['Nails', '400', '48.00'],
  ['Canvas', '', '435.00'],
]
const placed = ([item, count, price]: [string, string, string]): [string, number][] => {
  let at = 100
  const words: [string, number][] = item.split(' ').map((word) => {
    const x = at
    at += word.length * 10 + 6
    return [word, x]
  })
  if (count !== '') words.push([count, 450 - count.length * 10])
  return [...words, [price, 700 - price.length * 10]]
}

test('rows whose words are aligned in columns are a table, empty cells included', () => {
  const found = parts(
    prose(50),
    blockOf(...invoice.map((row, at) => lineAt(200 + at * 30, placed(row)))),
    prose(400),
  )
  assert.deepEqual(kinds(found), ['paragraph', 'table', 'paragraph'])
  assert.deepEqual(rowsOf(found), invoice)
  assert.ok(found[1]?.kind === 'table' && found[1].table.hasHeader)
})

test('a table is found where the recognition gives its columns as blocks', () => {
  const columns = [0, 1, 2].map((column) =>
    blockOf(
      ...invoice.flatMap((row, at) => {
        const words = placed(row)
        const cells = [
          words.filter(([, x]) => x < 300),
          words.filter(([, x]) => x > 300 && x < 500),
          words.filter(([, x]) => x > 500),
        ]
        const cell = cells[column] ?? []
        return cell.length === 0 ? [] : [lineAt(200 + at * 30, cell)]
      }),
    ),
  )
  assert.deepEqual(rowsOf(parts(...columns)), invoice)
})

test('a page on its side, and one that is askew, have the same table', () => {
  const upright = invoice.map((row, at) => lineAt(200 + at * 30, placed(row)))
  const turned = (turn: (x: number, y: number) => [number, number]) =>
    upright.map((line) => {
      const box = ({ x0, y0, x1, y1 }: { x0: number; y0: number; x1: number; y1: number }) => {
        const [ax, ay] = turn(x0, y0)
        const [bx, by] = turn(x1, y1)
        return {
          x0: Math.min(ax, bx),
          y0: Math.min(ay, by),
          x1: Math.max(ax, bx),
          y1: Math.max(ay, by),
        }
      }
      const { baseline } = line
      const [ax, ay] = turn(baseline.x0, baseline.y0)
      const [bx, by] = turn(baseline.x1, baseline.y1)
      return {
        ...line,
        bbox: box(line.bbox),
        baseline: { x0: ax, y0: ay, x1: bx, y1: by },
        words: line.words.map((word) => ({ ...word, bbox: box(word.bbox) })),
      }
    })
  assert.deepEqual(rowsOf(parts(blockOf(...turned((x, y) => [1_000 - y, x])))), invoice)
  assert.deepEqual(rowsOf(parts(blockOf(...turned((x, y) => [y, 1_000 - x])))), invoice)
  assert.deepEqual(rowsOf(parts(blockOf(...turned((x, y) => [x, y + x * 0.03])))), invoice)
})

test('the second line of a cell belongs to its row', () => {
  const rows = [
    lineAt(200, [
      ['A1', 100],
      ['Ketorolac', 250],
      ['10.00', 600],
    ]),
    lineAt(230, [
      ['A2', 100],
      ['Losartan', 250],
      ['12.50', 600],
    ]),
    lineAt(255, [['potassium', 250]]),
    lineAt(290, [
      ['A3', 100],
      ['Mefloquine', 250],
      ['9.75', 610],
    ]),
  ]
  assert.deepEqual(rowsOf(parts(blockOf(...rows))), [
    ['A1', 'Ketorolac', '10.00'],
    ['A2', 'Losartan potassium', '12.50'],
    ['A3', 'Mefloquine', '9.75'],
  ])
})

test('rules that were read as characters are no cells', () => {
  const rows = ['10', '20', '30'].map((figure, at) =>
    lineAt(200 + at * 30, [
      ['|', 80],
      [`row${at}`, 100],
      ['|', 300],
      [`_${figure}|`, 400],
      ['|', 500],
    ]),
  )
  assert.deepEqual(rowsOf(parts(blockOf(...rows))), [
    ['row0', '10'],
    ['row1', '20'],
    ['row2', '30'],
  ])
})

test('two columns of running text are no table, and stay in their order', () => {
  const found = parts(prose(100, 100), prose(100, 900))
  assert.deepEqual(kinds(found), ['paragraph', 'paragraph'])
})

test('larger print is a heading, by its size', () => {
  const found = parts(
    blockOf(textLine(20, 'The Title', 100, 40)),
    prose(100),
    blockOf(textLine(220, 'A Section', 100, 30)),
    prose(300),
    blockOf(textLine(420, 'A Part', 100, 25)),
    prose(500),
  )
  const headings = found.flatMap((part) =>
    part.kind === 'heading' ? [[part.level, part.text]] : [],
  )
  assert.deepEqual(headings, [
    [1, 'The Title'],
    [2, 'A Section'],
    [3, 'A Part'],
  ])
})

test('lines are joined to paragraphs, also over blocks, and hyphenated words with them', () => {
  const found = parts(
    blockOf(
      textLine(100, 'They found a solu-'),
      textLine(130, 'tion and a well-'),
      textLine(160, 'known way for'),
    ),
    blockOf(textLine(220, 'the well-known har-'), textLine(250, 'bour.')),
  )
  assert.deepEqual(withoutBoxes(found), [
    {
      kind: 'paragraph',
      text: 'They found a solution and a well-known way for the well-known harbour.',
    },
  ])
})

test('bullets and numbers begin the items of a list', () => {
  const found = parts(
    blockOf(
      textLine(100, 'Bring these'),
      textLine(130, '• a rope'),
      textLine(160, 'of hemp'),
      textLine(190, '• a lamp'),
    ),
    blockOf(textLine(250, '1. Row out')),
    blockOf(textLine(280, '2. Come back')),
  )
  assert.deepEqual(withoutBoxes(found), [
    { kind: 'paragraph', text: 'Bring these' },
    {
      kind: 'list',
      isNumbered: false,
      items: [
        { mark: '•', text: 'a rope of hemp' },
        { mark: '•', text: 'a lamp' },
      ],
    },
    {
      kind: 'list',
      isNumbered: true,
      items: [
        { mark: '1.', text: 'Row out' },
        { mark: '2.', text: 'Come back' },
      ],
    },
  ])
})

test('scripts without spaces are joined without them', () => {
  const found = parts(
    blockOf(textLine(100, '日本 に お ける 図書'), textLine(130, '館 、 ABC の 歴史')),
  )
  assert.deepEqual(withoutBoxes(found), [
    { kind: 'paragraph', text: '日本における図書館、 ABC の歴史' },
  ])
})
