import { createRandom } from '../common/random.ts'
import { faces, type Face, type Part } from './fonts.ts'
import type { Block, Kind } from './kinds/block.ts'
import { curriculum, halves, memo, prices, statement, timetable } from './kinds/further-office.ts'
import { figures, form, invoice, letter, report, slide } from './kinds/office.ts'
import { columns, dialogue, glossary, lists, mixed, newsletter, plain } from './kinds/prose.ts'
import { createWriter } from './writer.ts'

/** A page to print. */
export interface Sheet {
  kind: string
  blocks: readonly Block[]
  /** Millimetres. */
  size: readonly [width: number, height: number]
  /** CSS of its text and paper. */
  style: string
  dpi: number
}

interface KindOfPage {
  compose: Kind
  look?: Face['look']
  isBold?: boolean
  isSlide?: boolean
}

/** Kinds of pages by name; the first half is print, the other half office pages. */
const kinds: Readonly<Record<Part, Readonly<Record<string, KindOfPage>>>> = {
  seen: {
    regular: { compose: plain },
    columns: { compose: columns },
    bold: { compose: plain, isBold: true },
    condensed: { compose: columns, look: 'condensed' },
    light: { compose: plain, look: 'light' },
    mixed: { compose: mixed },
    invoice: { compose: invoice },
    letter: { compose: letter },
    form: { compose: form },
    figures: { compose: figures },
    slide: { compose: slide, isSlide: true },
    report: { compose: report },
  },
  unseen: {
    dialogue: { compose: dialogue },
    newsletter: { compose: newsletter },
    lists: { compose: lists, isBold: true },
    condensed: { compose: dialogue, look: 'condensed' },
    light: { compose: lists, look: 'light' },
    glossary: { compose: glossary },
    memo: { compose: memo },
    timetable: { compose: timetable },
    statement: { compose: statement },
    curriculum: { compose: curriculum },
    halves: { compose: halves, isSlide: true },
    prices: { compose: prices },
  },
}

export const kindsOf = (part: Part): readonly string[] => Object.keys(kinds[part])

const papers = [
  [210, 297],
  [216, 279],
  [148, 210],
] as const
/** A page that overflowed is composed again with this share of its text. */
const shorter = 0.75
const resolutions = [150, 200, 240, 300] as const

/** Composes a page. `attempt` counts from 0: a page that overflows is composed again, shorter. */
export function composeSheet(part: Part, kind: string, seed: string, attempt: number): Sheet {
  const random = createRandom(`${seed}/${attempt}`)
  const found = kinds[part][kind]
  if (found === undefined) throw new Error(`there is no kind ${kind} of ${part} pages`)
  const { compose, look = 'regular', isBold = false, isSlide = false } = found
  const face = random.pick(faces[part].filter((each) => each.look === look))
  const points = isSlide ? random.integer(16, 22) : random.integer(14, 24) / 2
  const size = isSlide ? ([254, 143] as const) : random.pick(papers)
  const margin = random.integer(12, 24)
  const styles = [
    `font:${isBold ? 700 : (face.weight ?? 400)} ${points}pt/${random.pick([1.15, 1.3, 1.5])} '${face.family}'`,
    `font-stretch:${face.stretch ?? 'normal'}`,
    `padding:${margin}mm`,
    `color:${random.pick(['#000', '#000', '#222', '#1a2440'])}`,
    ...(random.chance(0.3) ? ['text-align:justify'] : []),
  ]
  const dpi = isSlide ? random.pick([110, 150]) : random.pick(resolutions)
  const room = ((size[0] - 2 * margin) * (size[1] - 2 * margin)) / points ** 2
  const length = shorter ** attempt * Math.min(room * 0.55, random.integer(110, 330))
  return {
    kind,
    blocks: compose(createWriter(random.fork('text')), length),
    size,
    style: styles.join(';'),
    dpi,
  }
}

/** A document with one page for each sheet. */
export const htmlOf = (sheets: readonly Sheet[]): string =>
  `<!doctype html><meta charset="utf-8"><style>body{margin:0}div.sheet{box-sizing:border-box;break-after:page;print-color-adjust:exact}` +
  `${sheets.map(({ size: [width, height] }, at) => `@page s${at}{size:${width}mm ${height}mm;margin:0}`).join('')}</style>` +
  sheets
    .map(({ blocks, style }, at) => {
      const content = blocks.map(({ html }) => html).join('')
      return `<div class="sheet" style="page:s${at};${style}">${content}</div>`
    })
    .join('')

export const truthOf = ({ blocks }: Sheet): string =>
  `${blocks.map(({ text }) => text).join('\n')}\n`
