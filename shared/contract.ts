/** What users get: the document as it stands in OUT's `.json` files, and what it is made of. */
import { Type, type Static } from '@sinclair/typebox'
import { recipeSchema } from './recipe.ts'
import { oneOf } from './one-of.ts'

const closed = { additionalProperties: false }

/** How a document ended. `partial`: some of its pages could not be read, the others were. `skipped_unchanged` counts in a run; it never overwrites the record of the reading. */
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

/** Outcomes that left text behind (an empty page's text is the empty string). */
export const readOutcomes: ReadonlySet<Outcome> = new Set([
  'succeeded',
  'empty',
  'partial',
  'duplicate',
])
/** Outcomes that `--retry-failed` reads again; of a `partial` document only the pages that failed. */
export const failedOutcomes: ReadonlySet<Outcome> = new Set([
  'partial',
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
])

export const hasFailed = (outcome: string): boolean =>
  [...failedOutcomes].some((failed) => failed === outcome)

/** Pixels of the page as it was given, upright or not, from its top left corner; `x1` and `y1` lie just outside. */
const bboxSchema = Type.Object(
  { x0: Type.Number(), y0: Type.Number(), x1: Type.Number(), y1: Type.Number() },
  closed,
)

/** Confidences are percent, 0 to 100. */
const located = { text: Type.String(), confidence: Type.Number(), bbox: bboxSchema }
export const wordSchema = Type.Object(located, closed)
/** From where a line's writing begins to where it ends, in pixels of the page as it was given: so it tells the direction, too. */
const baselineSchema = Type.Object(
  { x0: Type.Number(), y0: Type.Number(), x1: Type.Number(), y1: Type.Number() },
  closed,
)
const lineSchema = Type.Object(
  {
    ...located,
    baseline: baselineSchema,
    /** Height of the type from its descenders to its ascenders, pixels. */
    size: Type.Number(),
    words: Type.Array(wordSchema),
  },
  closed,
)
const paragraphSchema = Type.Object({ ...located, lines: Type.Array(lineSchema) }, closed)
const blockSchema = Type.Object({ ...located, paragraphs: Type.Array(paragraphSchema) }, closed)
export type BBox = Static<typeof bboxSchema>
export type Baseline = Static<typeof baselineSchema>
export type Word = Static<typeof wordSchema>
export type Line = Static<typeof lineSchema>
export type Paragraph = Static<typeof paragraphSchema>
export type Block = Static<typeof blockSchema>

/** Which engine read a page: whatever is named here goes into the recipe's fingerprint. */
export const engineSchema = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    /** The WebAssembly variant; relaxed SIMD may round differently from host to host. */
    core: Type.String(),
    traineddata: Type.Array(
      Type.Object({ language: Type.String(), sha256: Type.String() }, closed),
    ),
  },
  closed,
)
export type EngineIdentity = Static<typeof engineSchema>

/** Milliseconds by stage; `waitMs` is the time a prepared page waited for the engine. */
export const timingsSchema = Type.Object(
  {
    openMs: Type.Number(),
    prepareMs: Type.Number(),
    waitMs: Type.Number(),
    recogniseMs: Type.Number(),
  },
  closed,
)
export type Timings = Static<typeof timingsSchema>

/** How the page lies as it was given: what is done to its pixels, in this order, makes it upright. */
export const orientationSchema = Type.Object(
  {
    /** Flipped left to right (EXIF 2, 4, 5 and 7). */
    isMirrored: Type.Boolean(),
    /** Then turned clockwise, degrees. */
    rotation: Type.Union([Type.Literal(0), Type.Literal(90), Type.Literal(180), Type.Literal(270)]),
    /** Then turned clockwise by this little, degrees. */
    skew: Type.Number(),
  },
  closed,
)
export type Orientation = Static<typeof orientationSchema>

/** One attempt at a page: how it was prepared, what the engine made of it, what the judge thought of that. */
export const readingSchema = Type.Object(
  {
    /** The step of the recipe's plan that asked for it. */
    name: Type.String(),
    /** Pixels of the prepared page for one of the page as it was given. */
    scale: Type.Number(),
    rotation: Type.Integer(),
    /** How the page was told from its background. */
    thresholding: Type.String(),
    words: Type.Integer(),
    confidence: Type.Number(),
    /** The share of words that the judge expects to be right, 0 to 1. */
    score: Type.Number(),
    /** Lines of it that are in the page's text. */
    linesKept: Type.Integer(),
    recogniseMs: Type.Number(),
  },
  closed,
)
export type Reading = Static<typeof readingSchema>

/** What reading one page gave. `width` and `height` are those of the page as it was given, pixels. */
export const pageSchema = Type.Object(
  {
    page: Type.Integer({ minimum: 1 }),
    outcome: oneOf(['succeeded', 'empty']),
    width: Type.Integer(),
    height: Type.Integer(),
    /** Resolution as the file tells it, or as a PDF's scan has it; null where nothing sound is told. */
    dpi: Type.Union([Type.Number(), Type.Null()]),
    orientation: orientationSchema,
    /** `layer`: taken from the PDF page, where it was sound. */
    textSource: oneOf(['engine', 'layer']),
    readings: Type.Array(readingSchema),
    confidence: Type.Number(),
    text: Type.String(),
    blocks: Type.Array(blockSchema),
    attempts: Type.Integer({ minimum: 1 }),
    timings: timingsSchema,
    worker: Type.String(),
    engine: engineSchema,
  },
  closed,
)
export type PageResult = Static<typeof pageSchema>

export const documentErrorSchema = Type.Object(
  { code: Type.String(), message: Type.String() },
  closed,
)
export type DocumentError = Static<typeof documentErrorSchema>

/** A page of a `partial` document that has no result, and why. */
export const failedPageSchema = Type.Object(
  { page: Type.Integer({ minimum: 1 }), outcome: oneOf(outcomes), error: documentErrorSchema },
  closed,
)
export type FailedPage = Static<typeof failedPageSchema>

/** One finished document: the whole of an `OUT/<path>.json` file and of a line of `results.ndjson`. */
export const documentSchema = Type.Object(
  {
    id: Type.String(),
    /** Relative to the run's root, `/` between folders. */
    path: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.Union([Type.String(), Type.Null()]),
    mediaType: Type.Union([Type.String(), Type.Null()]),
    outcome: oneOf(outcomes),
    duplicateOf: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([documentErrorSchema, Type.Null()]),
    /** Mean over the pages, weighted by their words. */
    confidence: Type.Union([Type.Number(), Type.Null()]),
    /** In the order of the document; numbers are those of the document where only some were asked for. */
    pages: Type.Array(pageSchema),
    failedPages: Type.Array(failedPageSchema),
    recipe: recipeSchema,
    fingerprint: Type.String(),
    engine: Type.Union([engineSchema, Type.Null()]),
    timings: timingsSchema,
    worker: Type.Union([Type.String(), Type.Null()]),
    finishedAt: Type.String(),
  },
  closed,
)
export type ScriptoriumDocument = Static<typeof documentSchema>

export const formats = ['txt', 'json', 'hocr', 'alto', 'page', 'tsv', 'pdf'] as const
export type Format = (typeof formats)[number]
/** What is written where nothing else is asked for. */
export const defaultFormats: readonly Format[] = ['txt', 'json']
