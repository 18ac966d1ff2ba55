import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { engineSchema } from '../engine.ts'
import { textReasonSchema, textSourceSchema } from '../text-source.ts'
import { oneOf } from '../../process/one-of.ts'
import {
  boundedList,
  idText,
  longList,
  messageText,
  nameText,
  pageText,
  pathText,
} from '../schema/bounded.ts'
import { amountOf, countOf, described, percentOf, shareOf, timeOf } from '../schema/described.ts'
import { outcomes } from './outcomes.ts'
import { blockSchema } from './layout.ts'
import { documentErrorSchema } from './error.ts'

const closed = { additionalProperties: false }
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

export const timingsSchema = Type.Object(
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
      'Step 1: the page is flipped left to right: by EXIF (2, 4, 5 and 7), or because only its reflection can be read.',
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

const readingSchema = Type.Object(
  {
    name: described(pathText, 'Step of the recognition plan.', 'first'),
    scale: amountOf('Pixels of the prepared page per pixel of the page as given.', 1.5),
    rotation: described(Type.Integer(), 'Clockwise rotation, degrees, 0 to 359.', 0),
    thresholding: described(idText, 'Binarization method.', 'otsu'),
    words: countOf('Words recognized.', 312),
    confidence: percentOf('Mean word confidence.', 91.2),
    score: shareOf('Expected proportion of correct words.', 0.97),
    linesKept: countOf('Lines of this attempt in the text of the page.', 41),
    uncovered: Type.Optional(
      shareOf('Letters in lines that no word of this attempt covers. Absent in older data.', 0.02),
    ),
    recogniseMs: amountOf('Recognition, milliseconds.', 830),
  },
  {
    ...closed,
    title: 'Reading',
    description: 'One recognition attempt at a page: preparation, result and score.',
  },
)
export type Reading = Static<typeof readingSchema>

export const warningCodes = [
  'text_missed',
  'low_confidence',
  'reading_given_up',
  'pictures_unread',
  'pages_missing',
  'correction_kept',
  'correction_dropped',
] as const
export type WarningCode = (typeof warningCodes)[number]

/** Whether another reading of the same bytes may give more text: the machine was busy, or a process failed. */
export const mayReadBetter = (warnings: readonly WarningCode[]): boolean =>
  warnings.includes('reading_given_up')

const pageWarningSchema = Type.Object(
  {
    code: described(
      oneOf(warningCodes),
      '`text_missed`: some printed lines have no words, even after further attempts. `low_confidence`: fewer than 65 % of the words are expected to be right; language, script or scan do not suit. `reading_given_up`: a further attempt, or the reading of the pictures on a PDF page, timed out or failed; the other text is kept. `pictures_unread`: pictures on a PDF page with text of its own exceed a limit or cannot be decoded. `pages_missing`: the PDF announces more pages than it has; all that it has were opened. `correction_kept`: the page was read again after a person had corrected it, and the correction stays. `correction_dropped`: the file has changed since a person corrected the page.',
    ),
    message: described(messageText, 'Explanation for people.', '12 % of the letters have no word'),
  },
  { ...closed, title: 'PageWarning', description: 'A known defect of the text of a page.' },
)
export type PageWarning = Static<typeof pageWarningSchema>

/** A person's correction of a page. */
export const correctionSchema = Type.Object(
  {
    number: described(Type.Integer({ minimum: 0 }), 'Revision of the page.', 1),
    author: described(nameText, 'Name of the token that sent it.', 'anna'),
    at: timeOf('Time of the correction.'),
  },
  { ...closed, title: 'Correction', description: "A person's correction of a page." },
)

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
    uncovered: Type.Optional(
      shareOf(
        'Letters in lines that no word covers: printed, but not in the text. Absent in older data, and where the text comes from a layer.',
        0.01,
      ),
    ),
    warnings: Type.Optional(
      described(
        boundedList(pageWarningSchema, 100),
        'Known defects of the text. Absent where there are none.',
      ),
    ),
    correction: Type.Optional(correctionSchema),
    confidence: percentOf(
      'Mean word confidence of the page; 100 for words that a person checked.',
      94.5,
    ),
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
