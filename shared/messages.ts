/** What travels through Redis: jobs, what workers report, what ingests ask, what the aggregator tells. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { documentErrorSchema, formats, outcomes, pageSchema } from './contract.ts'
import { webhookSchema } from './webhook.ts'
import { ScriptoriumError } from './errors.ts'
import { recipeSchema } from './recipe.ts'
import { oneOf } from './one-of.ts'

const closed = { additionalProperties: false }
const formatSchema = oneOf(formats)

/** One document to open, or (with `page`) one page of it to read. */
export const jobSchema = Type.Object(
  {
    v: Type.Literal(1),
    runId: Type.String(),
    documentId: Type.String(),
    root: Type.String(),
    path: Type.String(),
    follow: Type.Boolean(),
    /** `<size>-<mtimeNs>-<ctimeNs>` as the planner saw it; empty for a spooled upload, whose name is its hash. */
    stat: Type.String(),
    recipe: recipeSchema,
    fingerprint: Type.String(),
    /** Readings of a page before it is given up, crashes included. */
    attempts: Type.Integer({ minimum: 1 }),
    /** Deadline of one reading, milliseconds; 0 = by the page's size. */
    timeoutMs: Type.Integer({ minimum: 0 }),
    /** The ledger holds a document of this size: report the hash and let the aggregator decide. */
    mayBeKnown: Type.Boolean(),
    page: Type.Optional(Type.Integer({ minimum: 1 })),
    pagesTotal: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The document with this content that failed for reasons of its own, or is gone: it is not to be waited for. */
    insteadOf: Type.Optional(Type.String()),
    /** Somebody waits for it: its pages go ahead of those of bulk runs, and its beginning is told to watchers. */
    isInteractive: Type.Optional(Type.Boolean()),
    /** What the client called an upload: its path in the spool tells people nothing. */
    name: Type.Optional(Type.String()),
    /** Of the HTTP request that asked for it; in every log line about it. */
    requestId: Type.Optional(Type.String()),
  },
  closed,
)
export type Job = Static<typeof jobSchema>

const inputSchema = Type.Object(
  { sha256: Type.String(), bytes: Type.Integer(), mediaType: Type.String() },
  closed,
)
export type Input = Static<typeof inputSchema>

const reported = { v: Type.Literal(1), jobId: Type.String(), documentId: Type.String() }
/** What a worker reports about a job. Every kind is idempotent: the aggregator may see it twice. */
export const reportSchema = Type.Union([
  Type.Object(
    {
      ...reported,
      kind: Type.Literal('page'),
      input: inputSchema,
      pagesTotal: Type.Integer(),
      result: pageSchema,
    },
    closed,
  ),
  Type.Object(
    {
      ...reported,
      kind: Type.Literal('failed'),
      outcome: oneOf(['rejected', 'timeout', 'engine_crash', 'failed', 'cancelled']),
      error: documentErrorSchema,
      attempts: Type.Integer(),
      worker: Type.String(),
      page: Type.Union([Type.Integer(), Type.Null()]),
      pagesTotal: Type.Union([Type.Integer(), Type.Null()]),
      input: Type.Union([inputSchema, Type.Null()]),
    },
    closed,
  ),
  Type.Object(
    { ...reported, kind: Type.Literal('expanded'), input: inputSchema, pagesTotal: Type.Integer() },
    closed,
  ),
  Type.Object(
    { ...reported, kind: Type.Literal('duplicate'), input: inputSchema, of: Type.String() },
    closed,
  ),
  Type.Object({ ...reported, kind: Type.Literal('hashed'), input: inputSchema }, closed),
])
export type WorkerReport = Static<typeof reportSchema>

/** What a client of the API says about a run in words of its own: echoed, and listed by. */
export const labelsSchema = Type.Object(
  {
    tag: Type.Union([Type.String(), Type.Null()]),
    metadata: Type.Record(Type.String(), Type.String()),
  },
  closed,
)
export type Labels = Static<typeof labelsSchema>

export const priorityNames = ['interactive', 'bulk'] as const

/** What a run is asked to do. Folders are absolute, as the aggregator sees them. */
export const runRequestSchema = Type.Object(
  {
    runId: Type.String(),
    root: Type.String(),
    /** Folders and files below the root; with `pathsInRedis` they wait in a Redis list instead. */
    inputs: Type.Array(Type.String()),
    pathsInRedis: Type.Boolean(),
    out: Type.String(),
    include: Type.Array(Type.String()),
    exclude: Type.Array(Type.String()),
    includeHidden: Type.Boolean(),
    follow: Type.Boolean(),
    /** None for uploads: the API serves them from the ledger. */
    formats: Type.Array(formatSchema),
    combined: Type.Boolean(),
    recipe: recipeSchema,
    attempts: Type.Integer({ minimum: 1, maximum: 20 }),
    timeoutMs: Type.Integer({ minimum: 0 }),
    force: Type.Boolean(),
    retryFailed: Type.Boolean(),
    checksum: Type.Boolean(),
    dryRun: Type.Boolean(),
    /** A password came with it, which is in Redis only: what was refused for want of one is read again. */
    hasPdfPassword: Type.Optional(Type.Boolean()),
    requestedBy: Type.String(),
    /** `upload`: nothing is walked, its documents came through the API and lie in the spool. */
    source: Type.Optional(oneOf(['folder', 'upload'])),
    priority: Type.Optional(oneOf(priorityNames)),
    labels: Type.Optional(labelsSchema),
    requestId: Type.Optional(Type.String()),
  },
  closed,
)
export type RunRequest = Static<typeof runRequestSchema>

/** What the API has taken in: one request's files, safe in the spool. */
export const acceptanceSchema = Type.Object(
  {
    v: Type.Literal(1),
    kind: Type.Literal('accepted'),
    request: runRequestSchema,
    fingerprint: Type.String(),
    acceptedAt: Type.String(),
    documents: Type.Array(
      Type.Object(
        {
          documentId: Type.String(),
          jobId: Type.String(),
          pass: Type.Integer({ minimum: 1 }),
          /** As the client called it. */
          name: Type.String(),
          sha256: Type.String(),
          bytes: Type.Integer(),
          mediaType: Type.String(),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type Acceptance = Static<typeof acceptanceSchema>

const aboutRun = { runId: Type.String() }
const aboutDocument = { documentId: Type.String() }
const aboutWebhook = { webhookId: Type.String() }
export const commandSchema = Type.Union([
  Type.Object({ kind: Type.Literal('start'), request: runRequestSchema }, closed),
  Type.Object({ kind: Type.Literal('interrupt'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('cancelRun'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('retryRun'), ...aboutRun }, closed),
  Type.Object({ kind: Type.Literal('cancelDocument'), ...aboutDocument }, closed),
  Type.Object({ kind: Type.Literal('retryDocument'), ...aboutDocument }, closed),
  Type.Object({ kind: Type.Literal('deleteDocument'), ...aboutDocument }, closed),
  Type.Object({ kind: Type.Literal('addWebhook'), webhook: webhookSchema }, closed),
  Type.Object({ kind: Type.Literal('removeWebhook'), ...aboutWebhook }, closed),
  Type.Object(
    { kind: Type.Literal('redeliver'), ...aboutWebhook, deliveryId: Type.String() },
    closed,
  ),
])
export type Command = Static<typeof commandSchema>

export const runStates = ['active', 'finished', 'interrupted', 'cancelled', 'refused'] as const
/** How far a run is: what a progress bar shows. */
export const progressSchema = Type.Object(
  {
    runId: Type.String(),
    state: oneOf(runStates),
    /** False while the folder is still being walked: `planned` may yet grow. */
    planningDone: Type.Boolean(),
    seen: Type.Integer(),
    planned: Type.Integer(),
    done: Type.Integer(),
    failed: Type.Integer(),
    /** Finished earlier and read; and finished earlier without having been read. */
    unchanged: Type.Integer(),
    failedEarlier: Type.Integer(),
    unstable: Type.Integer(),
    /** Of the unchanged: those whose output was missing or edited. */
    restored: Type.Integer(),
    /** Documents that could not be written in every format that was asked for. */
    unavailable: Type.Integer(),
    pagesRead: Type.Integer(),
    pagesPerSecond: Type.Number(),
    etaSeconds: Type.Union([Type.Number(), Type.Null()]),
    startedAt: Type.String(),
    error: Type.Union([documentErrorSchema, Type.Null()]),
  },
  closed,
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
  restored: 0,
  unavailable: 0,
  pagesRead: 0,
  pagesPerSecond: 0,
  etaSeconds: null,
  startedAt,
  error: null,
})

/** A format that a document cannot be had in, and why; the message goes after the document's name. */
export const unavailableSchema = Type.Object(
  { format: formatSchema, code: Type.String(), message: Type.String() },
  closed,
)
export type Unavailable = Static<typeof unavailableSchema>

/** One line of a run's event stream: a document ended, or was left for the next pass. */
export const runEventSchema = Type.Object(
  {
    seq: Type.Integer(),
    path: Type.String(),
    documentId: Type.Union([Type.String(), Type.Null()]),
    outcome: oneOf([...outcomes, 'unstable']),
    pages: Type.Integer(),
    confidence: Type.Union([Type.Number(), Type.Null()]),
    ms: Type.Number(),
    error: Type.Union([documentErrorSchema, Type.Null()]),
    unavailable: Type.Optional(Type.Array(unavailableSchema)),
  },
  closed,
)
export type RunEvent = Static<typeof runEventSchema>

/** What watchers of an upload are told before its ending. */
export const documentStepSchema = Type.Object(
  {
    type: oneOf(['started', 'page']),
    documentId: Type.String(),
    page: Type.Integer(),
    pagesTotal: Type.Integer(),
    at: Type.String(),
  },
  closed,
)
export type DocumentStep = Static<typeof documentStepSchema>

/** Builds a parser that trusts nothing: throws `bad_message`, naming `what` and the first fault. */
export function createParser<T extends TSchema>(
  what: string,
  schema: T,
): (value: unknown) => Static<T> {
  const validator = TypeCompiler.Compile(schema)
  return (value) => {
    if (validator.Check(value)) return value
    const [first] = validator.Errors(value)
    const place = first === undefined ? '' : ` at ${first.path || '/'}: ${first.message}`
    throw new ScriptoriumError('bad_message', `${what} is not understood${place}`)
  }
}
