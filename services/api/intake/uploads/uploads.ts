import { ScriptoriumError, type ErrorCode } from '../../../../shared/process/errors.ts'
import type { SpoolRoom } from '../../limits/spool-room.ts'
import type { Received, SpoolStore } from '../spool/store.ts'
import type { BodyLimits } from '../../limits/body.ts'

/** Content of an upload request. Messages of `rejected` follow the file's name. */
export interface Uploads {
  /** The JSON of the `options` part, not yet checked. */
  options: unknown
  /** In order of arrival; the caller keeps or drops each. */
  received: Received[]
  rejected: { name: string; error: ScriptoriumError }[]
}

export interface UploadLimits extends BodyLimits {
  maxFileBytes: number
  /** Of one request. */
  maxFiles: number
}

export interface Intake {
  store: SpoolStore
  /** Reserves disk space before a file begins. */
  room: SpoolRoom
  limits: UploadLimits
}

/** A request's body as it comes in. */
export interface Arriving {
  /** Aborted with the reason why the rest of it is not wanted. */
  signal: AbortSignal
  /** Called with the bytes of each piece of a file. */
  onBytes: (bytes: number) => void
}

export const newUploads = (): Uploads => ({ options: undefined, received: [], rejected: [] })

const ofTheFile: ReadonlySet<ErrorCode> = new Set([
  'empty_file',
  'unsupported_type',
  'upload_too_large',
])

/**
 * Receives one file; an unsuitable one is recorded, and the others continue. Throws errors that end the whole request.
 */
export async function takeFile(
  uploads: Uploads,
  name: string,
  receive: () => Promise<Received>,
  signal?: AbortSignal,
): Promise<void> {
  try {
    uploads.received.push(await receive())
  } catch (thrown) {
    signal?.throwIfAborted() // The request as a whole was too large, not this file.
    if (!(thrown instanceof ScriptoriumError) || !ofTheFile.has(thrown.code)) throw thrown
    uploads.rejected.push({ name, error: thrown })
  }
}

/** Removes everything that was received, for a request that failed. */
export async function dropAll({ received }: Uploads): Promise<void> {
  await Promise.allSettled(received.map((file) => file.drop()))
}
