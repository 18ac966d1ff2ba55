import { Type, type Static } from '@sinclair/typebox'
import { longList, pageText } from '../schema/bounded.ts'
import { amountOf, described, percentOf } from '../schema/described.ts'

const closed = { additionalProperties: false }

const pixels = (description: string, example: number) =>
  described(
    Type.Number(),
    `${description} Pixels of the page as given, usually 0 or more.`,
    example,
  )

const bboxSchema = Type.Object(
  {
    x0: pixels('Left edge.', 104),
    y0: pixels('Top edge.', 212),
    x1: pixels('Right edge, exclusive.', 188),
    y1: pixels('Bottom edge, exclusive.', 240),
  },
  {
    ...closed,
    title: 'Box',
    description:
      'Bounding box in pixels of the page as given, upright or not. The origin is the top left corner.',
  },
)

const confidence = percentOf('Recognition confidence.', 94.5)
const located = {
  text: described(pageText, 'Recognized text, UTF-8.', 'Invoice'),
  confidence,
  bbox: bboxSchema,
}
export const wordSchema = Type.Object(
  {
    ...located,
    isShown: Type.Optional(
      described(
        Type.Boolean(),
        'Whether the PDF page itself shows this recognized word as text that readers find, so that a searchable PDF needs no second layer of it; only with `pdfText: skip`.',
        true,
      ),
    ),
  },
  { ...closed, title: 'Word', description: 'One word.' },
)
const baselineSchema = Type.Object(
  {
    x0: pixels('Start, horizontal.', 104),
    y0: pixels('Start, vertical.', 236),
    x1: pixels('End, horizontal.', 640),
    y1: pixels('End, vertical.', 236),
  },
  {
    ...closed,
    title: 'Baseline',
    description:
      'Baseline of a line, from the start of its text to the end: it also gives the reading direction.',
  },
)
const lineSchema = Type.Object(
  {
    ...located,
    baseline: baselineSchema,
    size: amountOf('Type height from descender to ascender, pixels.', 28),
    words: described(longList(wordSchema), 'Words in reading order.'),
  },
  { ...closed, title: 'Line', description: 'One line of text.' },
)
const paragraphSchema = Type.Object(
  { ...located, lines: described(longList(lineSchema), 'Lines from top to bottom.') },
  { ...closed, title: 'Paragraph', description: 'One paragraph.' },
)
export const blockSchema = Type.Object(
  {
    ...located,
    paragraphs: described(longList(paragraphSchema), 'Paragraphs in reading order.'),
    isOwnText: Type.Optional(
      described(
        Type.Boolean(),
        'Whether the PDF page itself has this text; only where `textSource` is `mixed`.',
        true,
      ),
    ),
  },
  { ...closed, title: 'Block', description: 'One block of the page layout.' },
)
export type BBox = Static<typeof bboxSchema>
export type Baseline = Static<typeof baselineSchema>
export type Word = Static<typeof wordSchema>
export type Line = Static<typeof lineSchema>
export type Paragraph = Static<typeof paragraphSchema>
export type Block = Static<typeof blockSchema>
