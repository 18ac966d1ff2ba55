import { sans, serif, slab } from './fonts.ts'
import { colourJpeg, faxTiff, webp } from './page.ts'
import type { SamplePage } from './page.ts'
import { grain, lay, light, soften } from './scan-steps.ts'
import { createSheet } from './sheet.ts'
import type { Cell, SampleSheet } from './sheet.ts'

/** Letters in three hands: with a letterhead, set like a book, and off a fax machine. */
export const letters: readonly SamplePage[] = [
  {
    path: 'letters/harbour.jpg',
    set: harbour,
    steps: [lay({ degrees: -0.3, table: [250, 249, 244] }), soften(0.5), grain(5, 11)],
    store: colourJpeg(62),
  },
  {
    path: 'letters/bindery.webp',
    set: bindery,
    steps: [soften(0.6), light(0.2, 0.1, 0.08), grain(4, 12)],
    store: webp(45),
  },
  {
    path: 'letters/fax.tif',
    set: fax,
    steps: [lay({ degrees: 0.4, table: [255, 255, 255] }), soften(0.9), grain(112, 13)],
    store: faxTiff,
  },
]

const harbourText = [
  'Dear Keeper,',
  '',
  'Your letter of the ninth reached this office by the morning packet. The board',
  'has read it with care and agrees that the lower steps at the north landing can',
  'no longer be used with safety after a westerly gale.',
  '',
  'A mason and two labourers will come out on the first calm day of the month.',
  'Please have the boathouse cleared so that lime and sand may be kept dry. They',
  'will need lodging for six nights, for which the usual allowance will be paid.',
  '',
  'The new lamp glass was shipped on Tuesday in a case marked with a red',
  'diamond. Kindly count the panes in front of the carter and write at once if any',
  'are cracked, since the maker allows only ten days for claims.',
  '',
  'We have also put aside for you three barrels of whale oil, a coil of new rope',
  'and the winter newspapers, which the pilot boat will bring when the bar is quiet.',
  '',
  'With the thanks of the board for a season without a single dark night,',
  '',
  'Yours faithfully,',
]

function harbour(): SampleSheet {
  const sheet = createSheet({ width: 1120, height: 1320, ink: '#1b1d2b', paper: '#faf9f4' })
  const ink = '#1f3f66'
  sheet.shape(
    `<g fill="none" stroke="${ink}" stroke-width="4"><circle cx="170" cy="132" r="42"/>` +
      '<path d="M170 104v56M154 118h32M142 138q4 24 28 24q24 0 28-24"/></g>',
  )
  const head = { font: sans, ink, isBold: true }
  sheet.line(240, 128, 'SALTMERE HARBOUR OFFICE', { ...head, size: 42, tracking: 2 })
  sheet.line(240, 168, 'The Customs Quay, Saltmere', { font: sans, ink, size: 24 })
  sheet.rule(120, 206, 1000, 206, 3)
  const body = { font: serif, size: 26 }
  sheet.pair(276, 120, 'Our reference 212', 1000, '14 March 1931', body)
  const next = sheet.lines(120, 360, harbourText, body, 40)
  const flourish = 'c20-60 50-70 46-20s-34 46-10 8 36-48 40-8 14 30 34-4 22-32 26 2 30 14 70-14'
  sheet.shape(
    `<path d="M124 ${next + 40}${flourish}" fill="none" stroke="#25305f" stroke-width="3.5"/>`,
  )
  sheet.line(120, next + 106, 'Clerk to the Harbour Board', body)
  return sheet
}

const binderyText = [
  'To the Librarian,',
  '',
  'The three volumes you sent in September are finished and',
  'dry, and may be fetched on any weekday before four.',
  '',
  'The herbal had lost its back and most of its sewing. I have',
  'sewn it again on five cords, kept the old boards, and laid a',
  'new spine of brown calf under what was left of the first.',
  '',
  'The atlas was only loose. Its maps now hang on guards of',
  'linen so that they open flat, and the torn corner of the',
  'northern coast has been filled with paper of the same tone.',
  '',
  'The hymn book I would rather not have washed. Somebody',
  'wrote small notes in the margins about the weather on',
  'every Sunday for eleven years, and the ink would run. It has',
  'a plain box instead, lined with felt.',
  '',
  'Please keep all three away from the stove until spring.',
  '',
  'Your servant at the bench,',
  '',
  'The Binder',
]

function bindery(): SampleSheet {
  const sheet = createSheet({ width: 960, height: 1260, ink: '#2a2320', paper: '#f8f5ee' })
  const body = { font: slab, size: 22 }
  sheet.line(480, 120, 'The Bindery in Fennel Lane', {
    ...body,
    size: 36,
    isBold: true,
    align: 'middle',
  })
  sheet.rule(330, 146, 630, 146, 1.5)
  sheet.line(830, 220, 'Second of November', { ...body, align: 'end' })
  sheet.lines(130, 300, binderyText, body, 42)
  return sheet
}

const faxText = [
  'Thank you for your order, which we packed this morning.',
  '',
  'Two reams of the heavy cream laid are on their way by the',
  'noon cart. The third ream failed our test in the damp room:',
  'the ink feathered along the grain, so we are pulping it and',
  'will make the sheets again next week at no charge.',
  '',
  'You asked whether the paper can be written on both sides.',
  'It can, with a hard pen and a thin ink. Leave the first side',
  'under a weight for one night before turning it.',
  '',
  'The water in the mill stream is low this month. If you expect',
  'to need more than ten reams before August, please tell us',
  'now, while the wheel still turns at full speed.',
  '',
  'The foreman sends his regards and a parcel of offcuts for',
  'testing pens.',
]

const faxFields = [
  ['To', 'The Scriptorium, copying room'],
  ['From', 'Alder Paper Mill, dispatch'],
  ['Subject', 'Your order of rag paper'],
] as const

function fax(): SampleSheet {
  const sheet = createSheet({ width: 1216, height: 1640, ink: '#000' })
  sheet.row(
    60,
    [
      [80, '23 MAY 09:14'],
      [480, 'ALDER PAPER MILL'],
      [1136, 'PAGE 1 OF 1', 'end'],
    ],
    { font: sans, size: 27 },
  )
  sheet.line(120, 210, 'Facsimile message', { font: sans, size: 60, isBold: true })
  const body = { font: sans, size: 34 }
  sheet.rule(120, 250, 1096, 250, 3)
  for (const [index, [field, value]] of faxFields.entries()) {
    const filledIn: Cell = [300, value]
    sheet.row(308 + index * 48, [[120, field], filledIn], body)
  }
  sheet.rule(120, 434, 1096, 434, 3)
  sheet.lines(120, 530, faxText, body, 56)
  return sheet
}
