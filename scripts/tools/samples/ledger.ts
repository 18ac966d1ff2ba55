import { sans, thermal, typewriter } from './fonts.ts'
import { greyJpeg, greyPng, sidewaysJpeg } from './page.ts'
import type { SamplePage } from './page.ts'
import { dust, grain, lay, light, soften } from './scan-steps.ts'
import { createSheet } from './sheet.ts'
import type { Cell, SampleSheet } from './sheet.ts'

/** Records: an invoice with a ruled table, a till receipt, a typed log stored on its side. */
export const ledger: readonly SamplePage[] = [
  {
    path: 'ledger/invoice.png',
    set: invoice,
    steps: [lay({ degrees: -0.25, table: [255, 255, 255] }), dust(60, 21), soften(0.6)],
    store: greyPng,
  },
  {
    path: 'ledger/till.jpg',
    set: till,
    steps: [lay({ degrees: 0.5, table: [238, 238, 238] }), soften(0.7), grain(8, 22)],
    store: greyJpeg(60),
  },
  {
    path: 'ledger/lighthouse.jpg',
    set: lighthouse,
    steps: [soften(0.6), light(0.9, 0.1, 0.12), grain(7, 23)],
    store: sidewaysJpeg(60),
  },
]

const goods = [
  ['Qty', 'Description', 'Each', 'Total'],
  ['12', 'Vellum sheets, large', '3.50', '42.00'],
  ['40', 'Goose quills, cut', '0.15', '6.00'],
  ['6', 'Iron gall ink, pint', '1.25', '7.50'],
  ['2', 'Gold leaf, book', '9.80', '19.60'],
  ['25', 'Rag paper, quire', '0.64', '16.00'],
  ['3', 'Beeswax, pound', '1.10', '3.30'],
  ['1', 'Pumice powder, tin', '0.85', '0.85'],
] as const

function invoice(): SampleSheet {
  const sheet = createSheet({ width: 1160, height: 1380 })
  const body = { font: sans, size: 25 }
  const bold = { ...body, isBold: true }
  sheet.line(100, 140, 'INVOICE', { ...bold, size: 56 })
  const sellers = ['Quill and Corner', 'Stationers to the Abbey', '7 Market Steps, Fernhill']
  sheet.lines(100, 196, sellers, body, 36)
  sheet.pair(340, 100, 'Invoice number 4417', 1060, 'Date 30 June', body)
  sheet.pair(380, 100, 'Sold to The Scriptorium', 1060, 'Terms 30 days', body)

  const bottom = ruleTable(sheet, 430)
  sheet.pair(bottom + 60, 700, 'Goods', 1036, '95.25', body)
  sheet.pair(bottom + 104, 700, 'Carriage', 1036, '2.75', body)
  sheet.rule(700, bottom + 126, 1060, bottom + 126, 3)
  sheet.pair(bottom + 168, 700, 'Amount due', 1036, '98.00', bold)
  const notes = [
    'Please return empty ink bottles with the next order; each is credited at ten.',
    'Vellum is a natural material and its colour varies from skin to skin.',
  ]
  sheet.lines(100, bottom + 290, notes, { ...body, size: 23 }, 36)
  return sheet
}

/** Draws the goods and the lines around every cell; returns where the table ends. */
function ruleTable(sheet: SampleSheet, top: number): number {
  const rowHeight = 62
  const bottom = top + rowHeight * goods.length
  for (let y = top; y <= bottom; y += rowHeight) sheet.rule(100, y, 1060, y)
  for (const x of [100, 210, 700, 880, 1060]) sheet.rule(x, top, x, bottom)
  for (const [index, [count, what, each, total]] of goods.entries()) {
    const cells: readonly Cell[] = [
      [186, count, 'end'],
      [234, what],
      [856, each, 'end'],
      [1036, total, 'end'],
    ]
    sheet.row(top + rowHeight * index + 41, cells, { font: sans, size: 25, isBold: index === 0 })
  }
  return bottom
}

const orders = [
  ['2 POT OF TEA', '4.40'],
  ['1 BARLEY SOUP', '3.90'],
  ['3 CHEESE SCONE', '5.70'],
  ['1 PLUM TART', '3.25'],
  ['1 GINGER CAKE', '2.80'],
  ['2 APPLE JUICE', '3.60'],
] as const

const farewell = [
  'You were served by the',
  'lamp in the window.',
  '',
  'Bread is half price after',
  'five. Dogs drink for free.',
  '',
  'Thank you and safe crossing',
]

function till(): SampleSheet {
  const sheet = createSheet({ width: 600, height: 1180, ink: '#333', paper: '#eee' })
  const body = { font: thermal, size: 23 }
  const middle = { ...body, align: 'middle' } as const
  sheet.line(300, 90, 'THE LANTERN', { ...middle, size: 38, isBold: true })
  sheet.lines(300, 136, ['Tea room and bakery', 'Lower Ferry Street'], middle, 34)
  sheet.pair(236, 60, 'Table 9', 540, '16 APR 15:42', body)
  const dashes = 'stroke="#333" stroke-width="2" stroke-dasharray="10 7"'
  const dashed = (y: number) => sheet.shape(`<path d="M60 ${y}H540" ${dashes}/>`)
  const amounts = (y: number, rows: readonly (readonly [string, string])[]) => {
    for (const [index, [what, amount]] of rows.entries()) {
      sheet.pair(y + index * 40, 60, what, 540, amount, body)
    }
  }
  dashed(262)
  amounts(308, orders)
  dashed(530)
  amounts(578, [
    ['SUBTOTAL', '23.65'],
    ['SERVICE', '2.35'],
  ])
  sheet.pair(680, 60, 'TOTAL', 540, '26.00', { ...body, size: 34, isBold: true })
  amounts(736, [
    ['CASH', '30.00'],
    ['CHANGE', '4.00'],
  ])
  dashed(800)
  sheet.lines(300, 858, farewell, middle, 38)
  return sheet
}

const watches = [
  [
    'MON 10',
    'Wind southwest, fresh. Lamp lit at 17.42 and',
    'trimmed twice. Two colliers passed before ten.',
  ],
  [
    'TUE 11',
    'Rain all day. Cleaned the lens and the brass.',
    'A tired pigeon came in and slept by the stove.',
  ],
  [
    'WED 12',
    'Fog from noon. Sounded the horn for nine hours.',
    'Heard oars close to the rock but saw no boat.',
  ],
  [
    'THU 13',
    'Clear and cold. Relief boat landed flour, oil,',
    'lamp wicks and a tin of boiled sweets.',
  ],
  [
    'FRI 14',
    'Gale from the west. Spray over the gallery and',
    'one pane starred. Light kept without a break.',
  ],
  ['SAT 15', 'Sea going down. Painted the boathouse door. The', 'mackerel are late this year.'],
  [
    'SUN 16',
    'Calm. Counted forty sails between here and the',
    'point. Wrote letters. Oil left: 212 gallons.',
  ],
] as const

function lighthouse(): SampleSheet {
  const sheet = createSheet({ width: 1080, height: 1200, ink: '#26262e', paper: '#f1f0ec' })
  const typed = { font: typewriter, size: 26 }
  sheet.line(110, 130, 'GULL ROCK LIGHT', { ...typed, size: 34, isBold: true })
  sheet.line(110, 180, 'Log of the week, October 1927', typed)
  sheet.rule(110, 206, 970, 206)
  let y = 270
  for (const [day, entry, rest] of watches) {
    const begun: Cell = [236, entry]
    sheet.row(y, [[110, day], begun], typed)
    sheet.line(236, y + 42, rest, typed)
    y += 104
  }
  sheet.line(110, y + 50, 'Read over and found correct by the second keeper.', typed)
  return sheet
}
