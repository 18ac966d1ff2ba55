import { words } from '../words.ts'
import { money } from '../writer.ts'
import { box, element, stack, table, times, type Kind } from './block.ts'

/** A memorandum: fields in rows, numbered paragraphs. */
export const memo: Kind = (writer, length) => [
  element('h1', 'MEMORANDUM', 'letter-spacing:.15em;font-size:1.5em'),
  table(
    [
      ['To:', writer.name()],
      ['From:', writer.name()],
      ['Date:', writer.date()],
      ['Re:', writer.title()],
    ],
    { table: 'width:60%', figures: [], head: '' },
  ),
  ...times(length / 45, (at) =>
    element('p', `${at + 1}. ${writer.paragraph(35)}`, 'margin:.8em 0'),
  ),
]

/** Times of departure, small and close. */
export const timetable: Kind = (writer, length) => {
  const { random } = writer
  const runs = random.integer(6, 9)
  const time = (): string =>
    `${String(random.integer(4, 23)).padStart(2, '0')}:${random.integer(10, 59)}`
  return [
    element(
      'h2',
      `Line ${random.integer(1, 99)}: ${random.pick(words.places)} to ${random.pick(words.places)}`,
    ),
    table(
      [
        ['Stop', ...times(runs, (at) => String(101 + at * 2))],
        ...times(Math.max(8, length / runs), () => [
          random.pick(words.places),
          ...times(runs, time),
        ]),
      ],
      {
        table: 'width:100%;font-size:.9em',
        cell: 'padding:.1em .35em',
        head: 'border-bottom:1px solid',
      },
    ),
    element('p', writer.paragraph(20), 'font-size:.8em'),
  ]
}

/** A statement of an account: dates, texts, debits and credits, a balance. */
export const statement: Kind = (writer, length) => {
  const { random } = writer
  return [
    box(
      [
        stack([writer.name(), ...writer.address()]),
        stack(['Statement of account', `No. ${random.integer(10_000, 99_999_999)}`]),
      ],
      'display:flex;justify-content:space-between',
    ),
    table(
      [
        ['Date', 'Details', 'Debit', 'Credit', 'Balance'],
        ...times(Math.max(6, length / 9), () => {
          const isDebit = random.chance(0.6)
          const sum = writer.amount(2_000)
          return [
            `${random.integer(10, 28)}/${random.integer(10, 12)}`,
            `${writer.title()} ${writer.code()}`,
            isDebit ? sum : '',
            isDebit ? '' : sum,
            money(random.integer(-50_000, 900_000) / 100),
          ]
        }),
      ],
      {
        cell: 'padding:.2em .5em',
        head: 'border-top:2px solid;border-bottom:1px solid',
        figures: [2, 3, 4],
      },
    ),
  ]
}

/** A curriculum: a narrow column beside a wide one. */
export const curriculum: Kind = (writer, length) => {
  const { random } = writer
  return [
    element('h1', writer.name(), 'font-size:2.2em;font-weight:300;margin:0'),
    stack([`${writer.email()} | ${writer.phone()}`], 'color:#666;font-size:.9em'),
    ...times(length / 35, () => {
      const year = random.integer(1990, 2020)
      return box(
        [
          element('div', `${year}–${year + random.integer(1, 6)}`, 'width:20%;color:#555'),
          box(
            [
              element('b', `${writer.title()}, ${random.pick(words.places)}`),
              element('p', writer.paragraph(20), 'margin:.2em 0'),
            ],
            'width:78%',
          ),
        ],
        'display:flex;gap:2%;margin:.6em 0',
      )
    }),
  ]
}

/** A slide in two halves on a dark ground or a light one. */
export const halves: Kind = (writer, length) => {
  const isDark = writer.random.chance(0.5)
  return [
    box(
      [
        element('h1', writer.title(), 'font-size:2em'),
        box(
          times(2, () =>
            box(
              [
                element('h2', writer.title(), 'font-size:1.2em'),
                ...times(length / 60, () => element('p', writer.sentence())),
              ],
              'flex:1',
            ),
          ),
          'display:flex;gap:2em',
        ),
      ],
      `padding:1em;${isDark ? 'background:#1c2b3a;color:#f4f4f4' : 'background:#f3efe6'}`,
    ),
  ]
}

/** A list of prices with leaders of dots. */
export const prices: Kind = (writer, length) => [
  element('h1', writer.title(), 'text-align:center'),
  ...times(length / 5, () =>
    box(
      [
        element('span', writer.title()),
        {
          html: '<span style="flex:1;border-bottom:2px dotted;margin:0 .4em .3em"></span>',
          text: '',
        },
        element('span', writer.amount(200)),
      ],
      'display:flex;margin:.15em 0',
    ),
  ),
]
