/** What travels through Redis: jobs, what workers report, what ingests ask, what the aggregator tells. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { documentErrorSchema, formats, outcomes, pageSchema } from './contract.ts'
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
    /** `<size>-<mtimeNs>-<ctimeNs>` as the planner saw it. */
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
    formats: Type.Array(formatSchema, { minItems: 1 }),
    combined: Type.Boolean(),
    recipe: recipeSchema,
    attempts: Type.Integer({ minimum: 1, maximum: 20 }),
    timeoutMs: Type.Integer({ minimum: 0 }),
    force: Type.Boolean(),
    retryFailed: Type.Boolean(),
    checksum: Type.Boolean(),
    dryRun: Type.Boolean(),
    requestedBy: Type.String(),
  },
  closed,
)
export type RunRequest = Static<typeof runRequestSchema>

export const commandSchema = Type.Union([
  Type.Object({ kind: Type.Literal('start'), request: runRequestSchema }, closed),
  Type.Object({ kind: Type.Literal('interrupt'), runId: Type.String() }, closed),
])
export type Command = Static<typeof commandSchema>

export const runStates = ['active', 'finished', 'interrupted', 'refused'] as const
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
    restored: Type.Integer(),
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
  pagesRead: 0,
  pagesPerSecond: 0,
  etaSeconds: null,
  startedAt,
  error: null,
})

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
  },
  closed,
)
export type RunEvent = Static<typeof runEventSchema>

/** A worker's sign of life. */
export const heartbeatSchema = Type.Object(
  {
    id: Type.String(),
    pid: Type.Integer(),
    host: Type.String(),
    version: Type.String(),
    languages: Type.Array(Type.String()),
    engine: Type.String(),
    state: oneOf(['reading', 'idle', 'paused']),
    currentPage: Type.Union([Type.String(), Type.Null()]),
    pagesDone: Type.Integer(),
    rssBytes: Type.Integer(),
    startedAt: Type.String(),
    beatAt: Type.String(),
  },
  closed,
)
export type Heartbeat = Static<typeof heartbeatSchema>

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
