import { serif, slab } from './fonts.ts'
import { colourJpeg, greyJpeg } from './page.ts'
import type { SamplePage } from './page.ts'
import { grain, lay, light, soften } from './scan-steps.ts'
import { createSheet } from './sheet.ts'
import type { SampleSheet } from './sheet.ts'

/** Pages to be read through: one skewed, one photographed on a table, one yellowed and faint. */
export const prose: readonly SamplePage[] = [
  {
    path: 'scriptorium.jpg',
    set: scriptorium,
    steps: [lay({ degrees: 1.8, table: [246, 246, 246] }), soften(0.6), grain(8, 31)],
    store: greyJpeg(60),
  },
  {
    path: 'recipe.jpg',
    set: recipe,
    steps: [
      lay({ degrees: -1.2, keystone: 0.06, inset: 0.05, table: [92, 66, 46] }),
      soften(0.9),
      light(0.25, 0.15, 0.42),
      grain(14, 33),
    ],
    store: colourJpeg(55),
  },
  {
    path: 'almanac.jpg',
    set: almanac,
    steps: [soften(0.7), light(0.5, 0.5, 0.12), grain(9, 34)],
    store: colourJpeg(55),
  },
]

const scriptoriumText = [
  'The room was built for light. Nine windows stood along the',
  'northern wall, one for each desk, and nobody was allowed to',
  'speak while the sun was above the orchard. What could be heard',
  'was the scratch of pens, the turning of a leaf, and sometimes a',
  'cough that everybody counted.',
  '',
  'A copyist was given a quire at dawn and was expected to return',
  'it by the evening bell. When the work was long, the book was',
  'cut from its boards and shared among the desks, so that nine',
  'hands could write it in the time of one. The oldest brother',
  'walked behind them with a basket, took each finished sheet, and',
  'laid it in its order on the long table.',
  '',
  'No sheet was ever written twice. If a sheet was already lying on',
  'the table, the pen was put down and another was begun. If a',
  'copyist fell ill, his quire went back to the basket and the next',
  'free hand took it up. In this manner they lost nothing, though',
  'the winters were hard and two of the desks were always empty.',
  '',
  'At the end of the year the table was cleared, the sheets were',
  'sewn, and the names of the copyists were left out. Only the',
  'count was kept: so many leaves, so many candles, and so many',
  'mistakes, each one marked in the margin with a small red hand.',
]

function scriptorium(): SampleSheet {
  const sheet = createSheet({ width: 1100, height: 1560, ink: '#191919', paper: '#f6f6f6' })
  const body = { font: serif, size: 31 }
  sheet.line(550, 150, 'THE COPYING ROOM', { ...body, size: 25, align: 'middle', tracking: 2 })
  sheet.rule(150, 172, 950, 172, 1.5)
  sheet.lines(150, 246, scriptoriumText, body, 51)
  sheet.line(550, 1496, '27', { ...body, align: 'middle' })
  return sheet
}

function recipe(): SampleSheet {
  const sheet = createSheet({ width: 1000, height: 1180, ink: '#33261e', paper: '#f3e6c8' })
  const body = { font: slab, size: 23 }
  sheet.line(100, 150, 'Plum Cake for a Long Voyage', { ...body, size: 36, isBold: true })
  sheet.rule(100, 176, 900, 176, 2)
  const amounts = [
    'Half a pound of butter',
    'Half a pound of brown sugar',
    'Five eggs, beaten',
    'Twelve ounces of flour',
    'One pound of dried plums',
    'A glass of dark rum',
  ]
  const next = sheet.lines(130, 236, amounts, body, 40)
  const method = [
    'Chop the plums and leave them in the rum overnight.',
    'Cream the butter with the sugar until it is pale. Add',
    'the eggs one at a time, then the flour, and last of all',
    'the plums with whatever rum they have not drunk.',
    '',
    'Line a deep tin with three layers of paper. Bake in a',
    'slow oven for three hours, and do not open the door',
    'in the first two. A straw should come out clean.',
    '',
    'Wrap the cake while it is still warm and keep it in a',
    'tin with a tight lid. It is good after a week, better',
    'after a month, and will go round the world.',
  ]
  sheet.lines(100, next + 40, method, body, 42)
  return sheet
}

const almanacText = [
  'In the first week the swallows gather on the rope walk and',
  'leave before breakfast. Expect two clear days after they go.',
  '',
  'When smoke from the kiln lies flat on the river, carry in the',
  'washing. When it stands straight, the hay may stay out.',
  '',
  'A spider that mends her web at noon believes in a dry night.',
  'One that takes it down knows better than the barometer.',
  '',
  'About the middle of the month comes a wind from the east',
  'that dries ink in the pen. Keep the wells covered and write',
  'the short letters first.',
  '',
  'Mist in the valley until ten promises a warm afternoon. Mist',
  'on the hill promises a wet one. Mist in both is only autumn.',
  '',
  'By the last Sunday the evenings have drawn in by an hour',
  'and a half. Trim the lamps, look over the shutters, and put',
  'a blanket within reach of the chair.',
]

function almanac(): SampleSheet {
  const sheet = createSheet({ width: 1040, height: 1320, ink: '#8a7448', paper: '#e6d6a4' })
  const body = { font: serif, size: 32 }
  const heading = { ...body, align: 'middle', isBold: true } as const
  sheet.line(520, 140, 'An Almanac of Small Weather', { ...heading, size: 44 })
  sheet.line(520, 192, 'September', { ...body, size: 34, align: 'middle', isItalic: true })
  sheet.lines(135, 290, almanacText, body, 53)
  return sheet
}
