import { type Static, Type } from '@sinclair/typebox'
import { formats } from '../result/formats.ts'
import { idempotencySchema } from '../idempotency.ts'
import { maxFailuresSchema } from '../max-failures.ts'
import { recipeSchema } from '../recipe.ts'
import {
  boundedList,
  boundedRecord,
  idText,
  nameText,
  pathText,
  tagText,
} from '../schema/bounded.ts'
import { described } from '../schema/described.ts'
import { oneOf } from '../../process/one-of.ts'

const closed = { additionalProperties: false }

const formatSchema = oneOf(formats)

/** A client's own keys and values; `faultOfLabels` limits their total size. */
export const metadataSchema = described(
  boundedRecord(Type.String({ maxLength: 1_000 }), 100, 50),
  'Key-value pairs of the client, returned unchanged. Up to 50 pairs and 8192 characters of JSON.',
  { customer: '4711' },
)

/** A client's own labels of a run: returned with it, and usable as a list filter. */
const labelsSchema = Type.Object(
  {
    tag: Type.Union([tagText, Type.Null()]),
    metadata: metadataSchema,
  },
  closed,
)
export type Labels = Static<typeof labelsSchema>

/** Maximum length of a client's metadata as JSON, characters: it is part of every list and event of its documents. */
const maxMetadataLength = 8_192

/** Returns why labels are too large, or undefined; the text follows the metadata's name. */
export const faultOfLabels = ({ metadata }: Labels): string | undefined =>
  JSON.stringify(metadata).length > maxMetadataLength
    ? `must have at most ${maxMetadataLength} characters as JSON`
    : undefined

export const priorityNames = ['interactive', 'bulk'] as const

/** `fail`: the document fails, the file stays. `replace`: the file is replaced. `skip`: the document is skipped. */
export const existsPolicies = ['fail', 'replace', 'skip'] as const
export type ExistsPolicy = (typeof existsPolicies)[number]

const anyRequest = {
  runId: idText,
  recipe: recipeSchema,
  attempts: Type.Integer({ minimum: 1, maximum: 20 }),
  timeoutMs: Type.Integer({ minimum: 0 }),
  force: Type.Boolean(),
  requestedBy: nameText,
  priority: Type.Optional(oneOf(priorityNames)),
  labels: Type.Optional(labelsSchema),
  requestId: Type.Optional(idText),
}

/** The request to read a folder. Folders are absolute, as the aggregator sees them. */
export const folderRequestSchema = Type.Object(
  {
    ...anyRequest,
    source: Type.Literal('folder'),
    root: pathText,
    /** Folders and files below the root; with `pathsInRedis` a Redis list holds them instead. */
    inputs: boundedList(pathText, 10_000),
    pathsInRedis: Type.Boolean(),
    /** Expected length of that list: a shorter one is incomplete. */
    pathCount: Type.Optional(Type.Integer()),
    out: pathText,
    include: boundedList(pathText, 10_000),
    exclude: boundedList(pathText, 10_000),
    includeHidden: Type.Boolean(),
    follow: Type.Boolean(),
    formats: boundedList(formatSchema, formats.length),
    combined: Type.Boolean(),
    retryFailed: Type.Boolean(),
    /** Reads pages again whose reading was given up; false if missing. */
    retryWarned: Type.Optional(Type.Boolean()),
    checksum: Type.Boolean(),
    dryRun: Type.Boolean(),
    /** Policy for output files of the same name that are not ours; `fail` by default. */
    onExists: Type.Optional(oneOf(existsPolicies)),
    /** When the run pauses automatically; the default if missing. */
    maxFailures: Type.Optional(maxFailuresSchema),
    /** This many files, spread over the folder, are read before all others. */
    canary: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The run pauses once they are read, so that a person can look at them; false if missing. */
    pauseAfterCanary: Type.Optional(Type.Boolean()),
    /** The request had a password, which only Redis holds: documents rejected for lack of one are read again. */
    hasPdfPassword: Type.Optional(Type.Boolean()),
  },
  closed,
)
export type FolderRequest = Static<typeof folderRequestSchema>

/** The request to read uploads. They are not written to an output folder: the API serves them from the ledger. */
export const uploadRequestSchema = Type.Object(
  {
    ...anyRequest,
    source: Type.Literal('upload'),
    /** The spool's folder of inputs, which holds each file under its hash. */
    root: pathText,
    /** Of an upload with an Idempotency-Key. */
    idempotency: Type.Optional(idempotencySchema),
  },
  closed,
)
export type UploadRequest = Static<typeof uploadRequestSchema>

/** The request for a run. */
export const runRequestSchema = Type.Union([folderRequestSchema, uploadRequestSchema])
export type RunRequest = Static<typeof runRequestSchema>
