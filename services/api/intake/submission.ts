import type { UploadOptions } from '../schemas/options.ts'
import type { Received } from './spool/store.ts'

export interface Submission {
  received: readonly Received[]
  options: UploadOptions
  requestId: string
  caller: string
}

/** The records of an accepted upload: its run, and its documents in the order of the files. */
export interface Accepted {
  runId: string
  documents: AcceptedDocument[]
}

export interface AcceptedDocument {
  id: string
  name: string
  isKnown: boolean
  /** The pass of this upload: while the ledger only has an earlier one, its end is that of the earlier pass. */
  pass: number
}
