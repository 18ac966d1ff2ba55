import { type Static, Type } from '@sinclair/typebox'
import { documentErrorSchema } from '../result/error.ts'
import { formats } from '../result/formats.ts'
import { outcomes } from '../result/outcomes.ts'
import { boundedList, idText, messageText, pathText } from '../schema/bounded.ts'
import { amountOf, countOf, described } from '../schema/described.ts'
import { oneOf } from '../../process/one-of.ts'

const closed = { additionalProperties: false }

/**
 * Purely informative messages may have more properties in a newer version: an older watcher reads those that it knows.
 */
const informing = { additionalProperties: true }

const formatSchema = oneOf(formats)

export const runStates = [
  'active',
  'finished',
  'interrupted',
  'paused',
  'cancelled',
  'refused',
] as const

/** The estimated cost of a whole run. */
export const estimateSchema = Type.Object(
  {
    documents: countOf('Documents to read.', 1_200),
    seconds: amountOf('Duration, seconds.', 640),
    outputBytes: countOf('Output files and ledger, bytes.', 52_428_800),
    freeBytes: described(
      Type.Union([Type.Integer(), Type.Null()]),
      'Free disk space at the output folder, bytes, 0 or more; null if unknown.',
      107_374_182_400,
    ),
    basis: described(
      oneOf(['earlier_run', 'canary', 'first_pages']),
      'Measurement behind the estimate.',
    ),
  },
  { ...closed, title: 'Estimate', description: 'Expected time and disk space of the whole run.' },
)
export type Estimate = Static<typeof estimateSchema>

/** A run's progress, as shown by a progress bar. */
export const progressSchema = Type.Object(
  {
    runId: idText,
    state: oneOf(runStates),
    /** False while the walk of the folder continues: `planned` may still grow. */
    planningDone: Type.Boolean(),
    seen: Type.Integer(),
    planned: Type.Integer(),
    done: Type.Integer(),
    failed: Type.Integer(),
    /** Finished and read in an earlier run; and finished earlier without having been read. */
    unchanged: Type.Integer(),
    failedEarlier: Type.Integer(),
    unstable: Type.Integer(),
    /** Skipped because files that are not ours have the names of their output (`--on-exists skip`). */
    existing: Type.Integer(),
    /** Unchanged documents whose output was missing or edited. */
    restored: Type.Integer(),
    /** Documents that could not be written in every requested format. */
    unavailable: Type.Integer(),
    pagesRead: Type.Integer(),
    pagesPerSecond: Type.Number(),
    etaSeconds: Type.Union([Type.Number(), Type.Null()]),
    /** Missing until there is a basis for an estimate. */
    estimate: Type.Optional(estimateSchema),
    startedAt: idText,
    error: Type.Union([documentErrorSchema, Type.Null()]),
  },
  informing,
)
export type Progress = Static<typeof progressSchema>

/** The progress of a run that has not begun. */
export const newProgress = (runId: string, startedAt: string): Progress => ({
  runId,
  state: 'active',
  planningDone: false,
  seen: 0,
  planned: 0,
  done: 0,
  failed: 0,
  unchanged: 0,
  failedEarlier: 0,
  unstable: 0,
  existing: 0,
  restored: 0,
  unavailable: 0,
  pagesRead: 0,
  pagesPerSecond: 0,
  etaSeconds: null,
  startedAt,
  error: null,
})

/**
 * An output format that could not be written for this document, and the reason; the message follows the document's
 * name.
 */
const unavailableSchema = Type.Object(
  { format: formatSchema, code: idText, message: messageText },
  closed,
)
export type Unavailable = Static<typeof unavailableSchema>

/** One line of a run's event stream: a document ended, or was left for the next pass. */
export const runEventSchema = Type.Object(
  {
    seq: Type.Integer(),
    path: pathText,
    documentId: Type.Union([idText, Type.Null()]),
    outcome: oneOf([...outcomes, 'unstable']),
    pages: Type.Integer(),
    confidence: Type.Union([Type.Number(), Type.Null()]),
    ms: Type.Number(),
    error: Type.Union([documentErrorSchema, Type.Null()]),
    unavailable: Type.Optional(boundedList(unavailableSchema, 100)),
  },
  informing,
)
export type RunEvent = Static<typeof runEventSchema>

/** The end of a document of any run. */
export const feedEventSchema = Type.Object(
  {
    ...Type.Omit(runEventSchema, ['seq']).properties,
    runId: idText,
    at: idText,
  },
  informing,
)
export type FeedEvent = Static<typeof feedEventSchema>

/** Events of an upload before its end. */
export const documentStepSchema = Type.Object(
  {
    type: oneOf(['started', 'page']),
    documentId: idText,
    page: Type.Integer(),
    pagesTotal: Type.Integer(),
    at: idText,
  },
  informing,
)
export type DocumentStep = Static<typeof documentStepSchema>
