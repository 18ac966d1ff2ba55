import type { Format } from '../../shared/contract/result/formats.ts'
import type { Outcome } from '../../shared/contract/result/outcomes.ts'
import type { WarningCode } from '../../shared/contract/result/page.ts'
import type { Unavailable } from '../../shared/contract/messages/progress.ts'

export type DocumentState = 'planned' | 'waiting' | 'read' | 'final'

/** The origin of a document: the input of a folder run, or an upload, whose bytes are in the spool under their hash. */
export type Provenance = { origin: 'folder' } | { origin: 'upload'; sha256: string }

export interface RecordedError {
  code: string
  message: string
}

/** A document as the ledger holds it. */
export type Document = Columns & Provenance

interface Columns {
  id: string
  runId: string
  /** Of an upload, the name that its client gave. */
  path: string
  stat: string
  bytes: number
  fingerprint: string
  jobId: string
  /** Counts requested readings, so that each has its own job id. */
  pass: number
  state: DocumentState
  outcome: Outcome | null
  error: RecordedError | null
  sha256: string | null
  mediaType: string | null
  duplicateOf: string | null
  pagesTotal: number | null
  worker: string | null
  /** The SHA-256 of each file that this very reading was written as, by format; a new reading has written none. */
  outputs: Partial<Record<Format, string>>
  /** The formats that it could not be written in. */
  unavailable: Unavailable[]
  /** The warnings of its pages, each once. */
  warnings: WarningCode[]
  /** ISO 8601. */
  finishedAt: string | null
  /** Milliseconds since 1970. */
  createdAt: number
  /** ISO 8601. */
  expiredAt: string | null
}

export type Plan = Pick<
  Document,
  'id' | 'runId' | 'path' | 'stat' | 'bytes' | 'fingerprint' | 'jobId' | 'pass'
>

/** An upload's plan: its content is known before it is read. */
export type UploadPlan = Plan & { sha256: string; mediaType: string }

/** The part of a document by which a planner decides whether to read it. */
export type KnownDocument = Omit<
  Columns,
  | 'bytes'
  | 'mediaType'
  | 'duplicateOf'
  | 'pagesTotal'
  | 'worker'
  | 'unavailable'
  | 'finishedAt'
  | 'createdAt'
  | 'expiredAt'
>

/** The end of a document's reading. */
export interface Ending {
  outcome: Outcome
  error: RecordedError | null
  worker: string | null
}

/** One reading of a document: a statement about an earlier reading changes nothing. */
export type DocumentPass = Pick<Document, 'id' | 'pass'>

/** A document's state at the time of a decision. The decision is void where the ledger has changed since. */
export type SeenDocument = Pick<Document, 'id' | 'pass' | 'state'>

type Row = Record<string, unknown>

/** Reads a document's row. The table is STRICT and the aggregator its only writer, so the columns hold their types. */
export const toDocument = (row: Row): Document =>
  ({
    ...toKnownDocument(row),
    bytes: row['bytes'],
    mediaType: row['media_type'],
    duplicateOf: row['duplicate_of'],
    pagesTotal: row['pages_total'],
    worker: row['worker'],
    unavailable: parseJson(row['unavailable']) ?? [],
    finishedAt: row['finished_at'],
    origin: row['is_upload'] === 1 ? 'upload' : 'folder',
    createdAt: row['created_at'],
    expiredAt: row['expired_at'],
  }) as Document

export const toKnownDocument = (row: Row): KnownDocument =>
  ({
    id: row['id'],
    runId: row['run_id'],
    path: row['path'],
    stat: row['stat'],
    fingerprint: row['fingerprint'],
    jobId: row['job_id'],
    pass: row['pass'],
    state: row['state'],
    outcome: row['outcome'],
    error: toDocumentError(row),
    sha256: row['sha256'],
    outputs: parseJson(row['outputs']) ?? {},
    warnings: parseJson(row['warnings']) ?? [],
  }) as KnownDocument

/** The error of a document's or a page's row. */
export function toDocumentError(row: Row): RecordedError | null {
  const { error_code: code, error_message: message } = row
  if (typeof code !== 'string') return null
  return { code, message: typeof message === 'string' ? message : '' }
}

export const parseJson = (column: unknown): unknown =>
  typeof column === 'string' ? JSON.parse(column) : undefined
