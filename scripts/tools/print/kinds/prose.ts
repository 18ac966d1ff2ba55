import { box, element, stack, times, type Block, type Kind } from './block.ts'

const heading = (text: string, em = 1.4): Block =>
  element('h2', text, `font-size:${em}em;margin:.8em 0 .3em`)

/** A title and paragraphs. */
export const plain: Kind = (writer, length) => [
  heading(writer.title(), writer.random.pick([1.2, 1.6, 2])),
  ...times(length / 70, () => element('p', writer.paragraph(60), 'margin:.5em 0')),
]

/** Two columns, justified. */
export const columns: Kind = (writer, length) => [
  heading(writer.title(), 1.8),
  box(
    times(length / 60, (at) =>
      at % 3 === 1
        ? heading(writer.title(), 1.1)
        : element('p', writer.paragraph(55), 'margin:.4em 0'),
    ),
    'columns:2;column-gap:2em;text-align:justify',
  ),
]

/** Headings, small print and sizes from 0.8 to 3 of the text. */
export const mixed: Kind = (writer, length) => [
  element('h1', writer.title(), 'font-size:3em;margin:0'),
  element('p', writer.sentence(), 'font-size:1.4em;font-style:italic'),
  ...times(length / 80, (at) =>
    box(
      [
        heading(`${at + 1}. ${writer.title()}`, 1.5),
        element('p', writer.paragraph(45), 'margin:.3em 0'),
        element('p', writer.paragraph(20), 'font-size:.8em;margin:.3em 0'),
      ],
      '',
    ),
  ),
]

/** Numbered and bulleted points; the marks are no words. */
export const lists: Kind = (writer, length) => [
  heading(writer.title()),
  ...times(length / 50, (at) =>
    box(
      times(4, () => element('li', writer.sentence(), 'margin:.2em 0')),
      `padding-left:2em;margin:.8em 0;display:block;list-style:${at % 2 === 0 ? 'disc' : 'square'}`,
    ),
  ),
]

/** A dialogue of short paragraphs with names in capitals. */
export const dialogue: Kind = (writer, length) =>
  times(length / 25, () =>
    box(
      [
        element('b', `${writer.name().toUpperCase()}:`, 'margin-right:.6em'),
        element('span', writer.paragraph(18)),
      ],
      'margin:.4em 0',
    ),
  )

/** Three narrow columns under a banner. */
export const newsletter: Kind = (writer, length) => [
  element('h1', writer.title(), 'font-size:2.6em;border-bottom:2px solid;margin:0 0 .4em'),
  stack([`${writer.date()}, No. ${writer.random.integer(1, 90)}`], 'font-style:italic'),
  box(
    times(length / 55, () =>
      box([heading(writer.title(), 1.15), element('p', writer.paragraph(45), 'margin:.2em 0')], ''),
    ),
    'columns:3;column-gap:1.4em',
  ),
]

/** Terms in bold with their explanations, in two columns without rules. */
export const glossary: Kind = (writer, length) => [
  box(
    times(length / 22, () =>
      box(
        [element('b', writer.noun(), 'margin-right:.5em'), element('span', writer.paragraph(14))],
        'margin:.35em 0;padding-left:1.2em;text-indent:-1.2em',
      ),
    ),
    'columns:2;column-gap:1.8em',
  ),
]
