import { sans, serif, slab } from './fonts.ts'
import { greyPng } from './page.ts'
import type { SamplePage } from './page.ts'
import { dust, lay, soften } from './scan-steps.ts'
import { createSheet } from './sheet.ts'
import type { SampleSheet } from './sheet.ts'

const white = [255, 255, 255] as const

/** Printed for the public: two columns, a poster in large type, white on black. */
export const notices: readonly SamplePage[] = [
  {
    path: 'seeds.png',
    set: seeds,
    steps: [lay({ degrees: 0.3, table: white }), dust(60, 41), soften(0.5)],
    store: greyPng,
  },
  {
    path: 'poster.png',
    set: poster,
    steps: [lay({ degrees: -0.5, table: white }), dust(120, 42), soften(0.8)],
    store: greyPng,
  },
  { path: 'stars.png', set: stars, steps: [dust(70, 43), soften(0.5)], store: greyPng },
]

const leftPackets = [
  [
    'Early Ferry Pea',
    'A low, sturdy plant that needs no sticks.',
    'Sow in March under straw and pick from',
    'the end of May. Sweet even when large.',
  ],
  [
    'Blue Anchor Kale',
    'Leaves the colour of slate, better after',
    'frost. Give each plant two feet of room',
    'and keep the pigeons away with string.',
  ],
  [
    'Lantern Squash',
    'Round, orange and heavy. Keeps in a dry',
    'loft until Easter. One packet is enough',
    'for a family and two neighbours.',
  ],
  [
    'Candle Radish',
    'White, long and mild. Ready in four weeks',
    'if the bed is watered every evening.',
    'Sow little and often until August.',
  ],
]

const rightPackets = [
  [
    'Copper Onion',
    'Strong skin and a strong taste. Sow in',
    'trays in February, plant out when the',
    'blackthorn flowers, lift in late summer.',
  ],
  [
    'Abbey Broad Bean',
    'Sown in autumn it stands the winter well.',
    'Pinch out the tops when the first pods',
    'set and the black fly will not come.',
  ],
  [
    'Golden Mill Beet',
    'Does not stain the hands or the cloth.',
    'Thin to a palm apart and eat the young',
    'leaves like spinach with butter.',
  ],
  [
    'Moonrise Poppy',
    'For the border and for the bees. Scatter',
    'on bare soil and do not cover. It returns',
    'each year wherever it likes.',
  ],
]

function seeds(): SampleSheet {
  const sheet = createSheet({ width: 1200, height: 1400, ink: '#151515' })
  const centred = { font: slab, align: 'middle' } as const
  sheet.line(600, 120, 'Garden Seeds for Spring', { ...centred, size: 50, isBold: true })
  sheet.line(600, 168, 'Sent by post in paper packets', { ...centred, size: 24 })
  sheet.rule(90, 200, 1110, 200, 4)
  sheet.rule(600, 230, 600, 1330, 1)
  for (const [x, packets] of [
    [90, leftPackets],
    [630, rightPackets],
  ] as const) {
    let y = 270
    for (const [name = '', ...description] of packets) {
      sheet.line(x, y, name, { font: slab, size: 30, isBold: true })
      y = sheet.lines(x, y + 48, description, { font: serif, size: 28 }, 44) + 74
    }
  }
  return sheet
}

function poster(): SampleSheet {
  const sheet = createSheet({ width: 1000, height: 1400, ink: '#111' })
  const shout = { font: sans, isBold: true, align: 'middle' } as const
  sheet.shape(
    '<rect x="40" y="40" width="920" height="1320" fill="none" stroke="#111" stroke-width="8"/>',
  )
  sheet.line(500, 200, 'GRAND', { ...shout, size: 120 })
  sheet.line(500, 330, 'PAPER FAIR', { ...shout, size: 120 })
  sheet.rule(150, 380, 850, 380, 4)
  const said = { font: serif, size: 54, align: 'middle' } as const
  const offers = ['Makers of books, boxes,', 'kites and lanterns', 'from eleven villages']
  sheet.lines(500, 470, offers, said, 72)
  sheet.line(500, 760, 'SATURDAY 8 JUNE', { ...shout, size: 80 })
  sheet.line(500, 850, 'in the old rope works', said)
  sheet.rule(150, 900, 850, 900, 4)
  const rest = ['Printing for children at noon', 'Marbling at three', 'Band and bonfire at dusk']
  sheet.lines(500, 990, rest, { ...said, size: 46 }, 66)
  sheet.line(500, 1270, 'ENTRY FREE', { ...shout, size: 90 })
  return sheet
}

const starsText = [
  'Please put out all lanterns at the gate and wait until your',
  'eyes have grown used to the dark. It takes about twenty',
  'minutes, and a single match will undo it.',
  '',
  'The dome opens at nine. The great telescope is turned by',
  'hand, and visitors may help with the wheel if they are',
  'told to. Do not lean on the rail while it is moving.',
  '',
  'Tonight we look first at the ring of a planet, low in the',
  'south, then at a cluster that the naked eye takes for one',
  'faint star. Near midnight the comet rises over the pines.',
  '',
  'Speak softly. On the gallery somebody is counting, and',
  'has been counting since the spring: every star brighter',
  'than the faintest one in the little bear.',
  '',
  'Hot soup is served in the library. Write down what you',
  'saw in the book beside the door, even if it was cloud.',
]

function stars(): SampleSheet {
  const sheet = createSheet({ width: 1100, height: 1400, ink: '#f4f4f4', paper: '#080808' })
  const body = { font: sans, size: 33 }
  sheet.line(110, 160, 'A Night at the Observatory', { ...body, size: 52, isBold: true })
  sheet.line(110, 212, 'Notes for visitors', { ...body, size: 30 })
  sheet.rule(110, 244, 990, 244, 3)
  sheet.lines(110, 330, starsText, body, 58)
  return sheet
}
