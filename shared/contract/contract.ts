/** What users get: the document as it stands in OUT's `.json` files, and what it is made of. */
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { engineSchema } from './engine.ts'
import { recipeSchema } from './recipe.ts'
import { textReasonSchema, textSourceSchema } from './text-source.ts'
import { oneOf } from '../process/one-of.ts'
import {
  boundedList,
  idText,
  longList,
  messageText,
  nameText,
  pageText,
  pathText,
} from './schema/bounded.ts'
import {
  amountOf,
  countOf,
  described,
  documentIdText,
  percentOf,
  sha256Text,
  shareOf,
  timeOf,
} from './schema/described.ts'

const closed = { additionalProperties: false }
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/**
 * Outcome of a document. `partial`: some of its pages could not be read, the others were. `skipped_unchanged` counts in
 * a run; it never overwrites the record of the reading.
 */
export const outcomes = [
  'succeeded',
  'empty',
  'partial',
  'skipped_unchanged',
  'duplicate',
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
  'cancelled',
] as const
export type Outcome = (typeof outcomes)[number]

/** Outcomes with text (the text of an empty page is the empty string). */
export const readOutcomes: ReadonlySet<Outcome> = new Set([
  'succeeded',
  'empty',
  'partial',
  'duplicate',
])
/** Outcomes that `--retry-failed` reads again; of a `partial` document only the failed pages. */
export const failedOutcomes: ReadonlySet<Outcome> = new Set([
  'partial',
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
])

export const hasFailed = (outcome: string): boolean =>
  [...failedOutcomes].some((failed) => failed === outcome)

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
export const wordSchema = Type.Object(located, {
  ...closed,
  title: 'Word',
  description: 'One word.',
})
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
const blockSchema = Type.Object(
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

const timingsSchema = Type.Object(
  {
    openMs: amountOf('Opening and decoding the file, milliseconds.', 35),
    prepareMs: amountOf('Image preparation, milliseconds.', 120),
    waitMs: amountOf('Wait of the prepared page for the engine, milliseconds.', 4),
    recogniseMs: amountOf('Recognition, milliseconds.', 830),
    overlapMs: Type.Optional(
      amountOf(
        'Part of openMs and prepareMs in which the engine read another page, milliseconds. Missing in records of older workers.',
        90,
      ),
    ),
  },
  { ...closed, title: 'Timings', description: 'Time by stage, milliseconds.' },
)
export type Timings = Static<typeof timingsSchema>

/** Orientation of the given page: these steps, in this order, make its pixels upright. */
const orientationSchema = Type.Object(
  {
    isMirrored: described(
      Type.Boolean(),
      'Step 1: the page is flipped left to right (EXIF 2, 4, 5 and 7).',
    ),
    rotation: described(
      Type.Union([Type.Literal(0), Type.Literal(90), Type.Literal(180), Type.Literal(270)]),
      'Step 2: clockwise rotation, degrees.',
    ),
    skew: described(
      Type.Number(),
      'Step 3: small clockwise rotation, degrees, usually -15 to 15.',
      0.4,
    ),
  },
  {
    ...closed,
    title: 'Orientation',
    description: 'Steps that make the page as given upright, in this order.',
  },
)
export type Orientation = Static<typeof orientationSchema>

export const readingSchema = Type.Object(
  {
    name: described(pathText, 'Step of the recognition plan.', 'first'),
    scale: amountOf('Pixels of the prepared page per pixel of the page as given.', 1.5),
    rotation: described(Type.Integer(), 'Clockwise rotation, degrees, 0 to 359.', 0),
    thresholding: described(idText, 'Binarization method.', 'otsu'),
    words: countOf('Words recognized.', 312),
    confidence: percentOf('Mean word confidence.', 91.2),
    score: shareOf('Expected proportion of correct words.', 0.97),
    linesKept: countOf('Lines of this attempt in the text of the page.', 41),
    recogniseMs: amountOf('Recognition, milliseconds.', 830),
  },
  {
    ...closed,
    title: 'Reading',
    description: 'One recognition attempt at a page: preparation, result and score.',
  },
)
export type Reading = Static<typeof readingSchema>

/** The result of reading one page. `width` and `height` are those of the given page, pixels. */
export const pageSchema = Type.Object(
  {
    page: described(Type.Integer({ minimum: 1 }), 'Page number in the document.', 1),
    outcome: described(
      oneOf(['succeeded', 'empty']),
      '`empty`: the page was read and has no text.',
    ),
    width: countOf('Width of the page as given, pixels.', 2480),
    height: countOf('Height of the page as given, pixels.', 3508),
    dpi: described(
      orNull(Type.Number()),
      'Resolution from the file or the scan in the PDF, dots per inch, 0 or more; null if unknown.',
      300,
    ),
    orientation: orientationSchema,
    textSource: textSourceSchema,
    textReason: Type.Optional(textReasonSchema),
    readings: described(boundedList(readingSchema, 1_000), 'Recognition attempts, in order.'),
    confidence: percentOf('Mean word confidence of the page.', 94.5),
    scannedConfidence: Type.Optional(
      described(
        orNull(Type.Number()),
        'Mean confidence of the words that were recognized, percent, 0 to 100; null where none was: blank pages, and text of the PDF page. Missing in records of older workers.',
        94.5,
      ),
    ),
    text: described(pageText, 'Text of the page, UTF-8.', 'Invoice 2026-117\n'),
    blocks: described(longList(blockSchema), 'Layout blocks in reading order.'),
    attempts: described(
      Type.Integer({ minimum: 1 }),
      'Attempts at the page, this one included.',
      1,
    ),
    timings: timingsSchema,
    worker: described(nameText, 'Id of the worker that read the page.', 'ocr-host-4711'),
    engine: engineSchema,
  },
  { ...closed, title: 'Page', description: 'Result of one page.' },
)
export type PageResult = Static<typeof pageSchema>

export const documentErrorSchema = Type.Object(
  {
    code: described(idText, 'Stable error code.', 'corrupt_image'),
    message: described(messageText, 'Explanation for people.', 'the image is truncated'),
  },
  { ...closed, title: 'DocumentError', description: 'Reason for a failure.' },
)
export type DocumentError = Static<typeof documentErrorSchema>

/** A page of a `partial` document without a result, and the reason. */
export const failedPageSchema = Type.Object(
  {
    page: described(Type.Integer({ minimum: 1 }), 'Page number in the document.', 2),
    outcome: described(oneOf(outcomes), 'Outcome of the page.'),
    error: documentErrorSchema,
  },
  { ...closed, title: 'FailedPage', description: 'Page of a `partial` document without a result.' },
)
export type FailedPage = Static<typeof failedPageSchema>

/** One finished document: the whole of an `OUT/<path>.json` file and of a line of `results.ndjson`. */
export const documentSchema = Type.Object(
  {
    id: documentIdText,
    path: described(
      pathText,
      'Path relative to the root of the run, `/` between folders; for an upload its name.',
      '2024/invoice.pdf',
    ),
    bytes: countOf('File size, bytes.', 184_320),
    sha256: described(orNull(sha256Text), 'SHA-256 of the file, null if it was not hashed.'),
    mediaType: described(
      orNull(nameText),
      'Media type detected from the content, null if unknown.',
      'application/pdf',
    ),
    outcome: described(oneOf(outcomes), 'Outcome of the document.'),
    duplicateOf: described(
      orNull(documentIdText),
      'Id of the document with the same content that was read instead, or null.',
    ),
    error: described(orNull(documentErrorSchema), 'Reason for a failure, or null.'),
    confidence: described(
      orNull(Type.Number()),
      'Mean page confidence, weighted by words. Percent, 0 to 100; null without pages.',
      94.5,
    ),
    pages: described(
      longList(pageSchema),
      'Pages that were read, in document order. A page keeps its number in the document if only some pages were requested.',
    ),
    failedPages: described(longList(failedPageSchema), 'Pages that could not be read.'),
    recipe: recipeSchema,
    fingerprint: described(
      idText,
      'Hash of recipe, engine and preparation version, 16 hex digits: equal fingerprints give equal text.',
      '0f1e2d3c4b5a6978',
    ),
    engine: described(orNull(engineSchema), 'Engine that read the document, null if none did.'),
    timings: timingsSchema,
    worker: described(
      orNull(nameText),
      'Id of the worker that read the last page, null if none did.',
      'ocr-host-4711',
    ),
    finishedAt: timeOf('End of processing.'),
  },
  { ...closed, title: 'Result', description: 'Finished document with its pages.' },
)
export type ScriptoriumDocument = Static<typeof documentSchema>

export const formats = ['txt', 'json', 'hocr', 'alto', 'page', 'tsv', 'pdf'] as const
export type Format = (typeof formats)[number]
/** Formats that are written by default. */
export const defaultFormats: readonly Format[] = ['txt', 'json']
