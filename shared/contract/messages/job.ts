import { type Static, Type } from '@sinclair/typebox'
import type { Recipe } from '../recipe.ts'
import { idText, pathText } from '../schema/bounded.ts'

const closed = { additionalProperties: false }

/** One document to open, or (with `page`) one page of it to read. */
export const jobSchema = Type.Object(
  {
    v: Type.Literal(1),
    runId: idText,
    documentId: idText,
    root: pathText,
    path: pathText,
    follow: Type.Boolean(),
    /** `<size>-<mtimeNs>-<ctimeNs>` at planning time; absent for a spooled upload, whose name is its hash. */
    stat: Type.Optional(idText),
    /** Token for the file's bytes, for hosts that do not have the file: `createBlobTokens`. */
    blob: Type.Optional(idText),
    /** Refers to its recipe, which Redis stores once: `createRecipeStore`. */
    recipeId: idText,
    fingerprint: idText,
    /** Maximum number of attempts at a page, crashes included. */
    attempts: Type.Integer({ minimum: 1 }),
    /** Deadline of one reading, milliseconds; 0 = by the page's size. */
    timeoutMs: Type.Integer({ minimum: 0 }),
    /** The ledger has a document of this size: report the hash and let the aggregator decide. */
    mayBeKnown: Type.Boolean(),
    page: Type.Optional(Type.Integer({ minimum: 1 })),
    pagesTotal: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The document with this content that failed independently of its bytes, or is gone: do not wait for it. */
    insteadOf: Type.Optional(idText),
    /** A client waits for it: its pages go ahead of bulk runs, and watchers learn when reading begins. */
    isInteractive: Type.Optional(Type.Boolean()),
    /** The client's name for an upload: its path in the spool means nothing to people. */
    name: Type.Optional(pathText),
    /** Of the HTTP request that submitted it; in every log line about it. */
    requestId: Type.Optional(idText),
  },
  closed,
)
/** A job as stored on the queue. */
export type StoredJob = Static<typeof jobSchema>
/** A job as planned and read: with its recipe. */
export type Job = Omit<StoredJob, 'recipeId'> & { recipe: Recipe }
