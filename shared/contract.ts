/** What users get: the document as it stands in OUT's `.json` files, and what it is made of. */
import { Type, type Static } from '@sinclair/typebox'
import { recipeSchema } from './recipe.ts'
import { oneOf } from './one-of.ts'

const closed = { additionalProperties: false }

/** How a document ended. `skipped_unchanged` counts in a run; it never overwrites the record of the reading. */
export const outcomes = [
  'succeeded',
  'empty',
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
export const readOutcomes: ReadonlySet<Outcome> = new Set(['succeeded', 'empty', 'duplicate'])
/** Outcomes that `--retry-failed` reads again. */
export const failedOutcomes: ReadonlySet<Outcome> = new Set([
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
])

export const hasFailed = (outcome: string): boolean =>
  [...failedOutcomes].some((failed) => failed === outcome)

/** Pixels of the page as it was given, upright; `x1` and `y1` lie just outside. */
const bboxSchema = Type.Object(
  { x0: Type.Number(), y0: Type.Number(), x1: Type.Number(), y1: Type.Number() },
  closed,
)

/** Confidences are percent, 0 to 100. */
const located = { text: Type.String(), confidence: Type.Number(), bbox: bboxSchema }
export const wordSchema = Type.Object(located, closed)
const lineSchema = Type.Object({ ...located, words: Type.Array(wordSchema) }, closed)
const paragraphSchema = Type.Object({ ...located, lines: Type.Array(lineSchema) }, closed)
const blockSchema = Type.Object({ ...located, paragraphs: Type.Array(paragraphSchema) }, closed)
export type BBox = Static<typeof bboxSchema>
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

/** What reading one page gave. `width` and `height` are those of the upright page, pixels. */
export const pageSchema = Type.Object(
  {
    page: Type.Integer({ minimum: 1 }),
    outcome: oneOf(['succeeded', 'empty']),
    width: Type.Integer(),
    height: Type.Integer(),
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
    pages: Type.Array(pageSchema),
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

export const formats = ['txt', 'json'] as const
export type Format = (typeof formats)[number]
