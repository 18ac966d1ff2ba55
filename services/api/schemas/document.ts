import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { documentErrorSchema, documentSchema, outcomes } from '../../../shared/contract.ts'
import { priorityNames } from '../../../shared/messages.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { recipeSchema } from '../../../shared/recipe.ts'

const closed = { additionalProperties: false }
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** `queued` until a worker has a page of it, `finished` once it has an outcome. */
export const documentStatuses = ['queued', 'reading', 'finished'] as const

/** A document as the API shows it. Times are ISO 8601, UTC. */
export const documentViewSchema = Type.Object(
  {
    id: Type.String(),
    status: oneOf(documentStatuses),
    outcome: orNull(oneOf(outcomes)),
    error: orNull(documentErrorSchema),
    /** As its client called it, or its path below the run's folder. */
    name: Type.String(),
    runId: Type.String(),
    tag: orNull(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
    priority: oneOf(priorityNames),
    bytes: Type.Integer(),
    sha256: orNull(Type.String()),
    mediaType: orNull(Type.String()),
    recipe: recipeSchema,
    progress: Type.Object(
      { pagesDone: Type.Integer(), pagesTotal: orNull(Type.Integer()) },
      closed,
    ),
    /** How many jobs are taken before it; null unless it is queued. */
    position: orNull(Type.Integer()),
    etaSeconds: orNull(Type.Number()),
    /** Readings that its pages took so far. */
    attempts: Type.Integer(),
    /** Percent, mean over its pages. */
    confidence: orNull(Type.Number()),
    duplicateOf: orNull(Type.String()),
    createdAt: Type.String(),
    finishedAt: orNull(Type.String()),
    /** When its input and result are removed; null for documents of folder runs, and where nothing is. */
    expiresAt: orNull(Type.String()),
    links: Type.Object(
      { self: Type.String(), result: Type.String(), events: Type.String(), run: Type.String() },
      closed,
    ),
    /** With `?wait=` only. */
    result: Type.Optional(documentSchema),
  },
  { ...closed, $id: 'Document' },
)
export type DocumentView = Static<typeof documentViewSchema>

/** One file of an upload that was not taken in; the others were. */
export const rejectedSchema = Type.Object(
  { name: Type.String(), code: Type.String(), detail: Type.String(), retryable: Type.Boolean() },
  closed,
)

/** The answer to an upload of several files. */
export const uploadViewSchema = Type.Object(
  {
    runId: Type.String(),
    documents: Type.Array(Type.Unsafe<DocumentView>({ $ref: 'Document#' })),
    rejected: Type.Array(rejectedSchema),
    links: Type.Object({ run: Type.String(), events: Type.String() }, closed),
  },
  { ...closed, $id: 'Upload' },
)
export type UploadView = Static<typeof uploadViewSchema>
