import { words } from '../words.ts'
import { money, type Writer } from '../writer.ts'
import {
  box,
  element,
  stack,
  table,
  times,
  type Block,
  type Kind,
  type TableLook,
} from './block.ts'

const paragraph = (writer: Writer, count: number): Block =>
  element('p', writer.paragraph(count), 'margin:.6em 0')

/** Rules between cells, only between rows, or none. */
const tableLooks: readonly TableLook[] = [
  { cell: 'border:1px solid;padding:.25em .5em' },
  { cell: 'border-bottom:1px solid #999;padding:.3em .4em' },
  { cell: 'padding:.2em .6em' },
  { cell: 'padding:.35em .6em', head: 'background:#2f4f6f;color:#fff;font-weight:bold' },
  { cell: 'padding:.25em .5em', head: 'background:#e4e4e4;font-weight:bold' },
]

/** Letterhead, addresses, items with sums, total. */
export const invoice: Kind = (writer, length) => {
  const { random } = writer
  const items = times(Math.max(4, length / 14), () => {
    const [count, price] = [random.integer(1, 60), random.integer(150, 90_000) / 100]
    return { what: writer.title(), count, price, sum: count * price }
  })
  const total = items.reduce((sum, item) => sum + item.sum, 0)
  const tax = random.pick([7, 19, 20, 21])
  return [
    element(
      'h1',
      `${random.pick(words.lastNames)} & ${random.pick(words.lastNames)} Ltd.`,
      'font-size:2em;margin:0',
    ),
    stack(
      [...writer.address(), writer.email(), writer.phone()],
      'font-size:.85em;text-align:right',
    ),
    stack([writer.name(), ...writer.address()], 'margin:1em 0'),
    element('h2', `Invoice ${writer.code()}`, 'font-size:1.5em'),
    stack([`Date: ${writer.date()}`, `Customer number: ${random.integer(1000, 99_999)}`]),
    table(
      [
        ['Pos.', 'Description', 'Qty', 'Unit', 'Price', 'Amount'],
        ...items.map(({ what, count, price, sum }, at) => [
          String(at + 1),
          what,
          String(count),
          random.pick(words.units),
          money(price),
          money(sum),
        ]),
        ['', 'Subtotal', '', '', '', money(total)],
        ['', `VAT ${tax} %`, '', '', '', money((total * tax) / 100)],
        ['', 'Total due', '', '', 'USD', money(total * (1 + tax / 100))],
      ],
      { ...random.pick(tableLooks), figures: [0, 2, 4, 5] },
    ),
    paragraph(writer, 18),
    stack(
      [`IBAN: XX${random.integer(10, 99)} ${times(4, () => random.integer(1000, 9999)).join(' ')}`],
      'font-size:.8em',
    ),
  ]
}

/** A letter with its head, subject and signature. */
export const letter: Kind = (writer, length) => [
  stack([writer.name(), ...writer.address(), writer.email()], 'text-align:right;font-size:.9em'),
  stack([writer.name(), ...writer.address()], 'margin:1.5em 0'),
  stack([writer.date()], 'text-align:right'),
  element('p', `Subject: ${writer.title()}, ${writer.code()}`, 'font-weight:bold'),
  element('p', `Dear ${writer.name()},`),
  ...times(length / 60, () => paragraph(writer, 45)),
  element('p', 'Yours sincerely,'),
  element('p', writer.name(), 'margin-top:2.5em'),
]

/** Labels with filled-in fields in boxes or on lines, and boxes to tick. */
export const form: Kind = (writer, length) => {
  const { random } = writer
  const field = random.pick([
    'border:1px solid;padding:.3em .5em',
    'border-bottom:1px solid;padding:.3em .2em',
    'background:#eee;padding:.3em .5em',
  ])
  const values = [
    writer.name,
    writer.email,
    writer.phone,
    writer.date,
    writer.code,
    () => writer.amount(),
  ]
  const row = (): Block =>
    box(
      times(random.integer(1, 2), () =>
        box(
          [
            element('div', `${writer.title()}:`, 'font-size:.8em'),
            element('div', random.pick(values)(), field),
          ],
          'flex:1;margin:.25em .5em',
        ),
      ),
      'display:flex',
    )
  const tick = (): Block =>
    box(
      [
        {
          html: '<span style="display:inline-block;width:.9em;height:.9em;border:1px solid;margin-right:.5em"></span>',
          text: '',
        },
        element('span', writer.title()),
      ],
      'margin:.3em .5em',
    )
  return [
    element('h1', `${writer.title()} form`, 'font-size:1.6em'),
    element('p', writer.paragraph(15), 'font-size:.85em'),
    ...times(length / 12, row),
    ...times(4, tick),
    element(
      'p',
      'Signature of the applicant',
      'border-top:1px solid;width:40%;margin-top:3em;font-size:.8em',
    ),
  ]
}

/** Figures in four to nine columns. */
export const figures: Kind = (writer, length) => {
  const { random } = writer
  const count = random.integer(4, 8)
  const cell = random.pick([
    () => money(random.integer(-90_000, 900_000) / 100),
    () => (random.integer(-999, 9_999) / 10).toFixed(1),
    () => String(random.integer(0, 99_999)),
    () => `${(random.integer(0, 1000) / 10).toFixed(1)}%`,
  ])
  return [
    element('h2', `Table ${random.integer(1, 40)}. ${writer.title()}`, 'font-size:1.1em'),
    table(
      [
        ['Region', ...times(count, (at) => String(2010 + at))],
        ...times(Math.max(6, length / (count + 1)), () => [
          random.chance(0.5) ? random.pick(words.places) : writer.noun(),
          ...times(count, cell),
        ]),
      ],
      random.pick(tableLooks),
    ),
    element('p', `Source: ${writer.sentence()}`, 'font-size:.8em'),
  ]
}

/** A slide: a few large lines on white or on a colour. */
export const slide: Kind = (writer, length) => [
  element('h1', writer.title(), 'font-size:2.4em;color:#1f3a68;border-bottom:3px solid #c33'),
  ...times(Math.min(7, length / 15), () => element('li', writer.sentence(), 'margin:.6em 0')),
  box(
    [element('span', writer.name()), element('span', String(writer.random.integer(2, 60)))],
    'font-size:.6em;color:#555;display:flex;justify-content:space-between;margin-top:2em',
  ),
]

/** Chapters, a table among them, notes at the foot. */
export const report: Kind = (writer, length) => [
  element('h1', writer.title(), 'font-size:1.9em'),
  element('h2', `1.1 ${writer.title()}`, 'font-size:1.3em'),
  ...times(length / 120, () => paragraph(writer, 50)),
  table(
    [
      ['Item', 'Plan', 'Actual', 'Change'],
      ...times(6, () => [
        writer.title(),
        writer.amount(),
        writer.amount(),
        `${writer.random.integer(-40, 90)} %`,
      ]),
    ],
    writer.random.pick(tableLooks),
  ),
  element('h2', `1.2 ${writer.title()}`, 'font-size:1.3em'),
  ...times(length / 120, () => paragraph(writer, 50)),
  element(
    'p',
    `1 ${writer.paragraph(15)}`,
    'font-size:.75em;border-top:1px solid;margin-top:1.5em',
  ),
]
