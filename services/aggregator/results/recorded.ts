import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import type { QueuedJob } from '../../../shared/redis/queue.ts'
import type { ReadingOutcome } from '../progress/breaker.ts'

/** Follow-up work of a batch of reports after its commit. */
export interface Recorded {
  /** Documents whose output files must be written. */
  read: string[]
  /** Documents that ended without text. */
  failed: string[]
  /** Documents that must be read after all. */
  requeued: QueuedJob[]
  /** Pages that were read. */
  pagesRead: PageRead[]
  /** Every reading, in the order of the reports: whether it failed, and why. */
  readings: ReadingOutcome[]
  /**
   * Jobs whose failures are not recorded: their run is paused, and they are read again when it continues; or an older
   * worker could not read them, and the reconciler adds them again, at most once in ten seconds.
   */
  unread: string[]
  /** Uploads accepted by the API: their tickets are no longer needed. */
  accepted: Acceptance[]
}

/** One page whose result has been recorded. */
export interface PageRead {
  runId: string
  documentId: string
  page: number
  pagesTotal: number
}

export const nothingRecorded = (): Recorded => ({
  read: [],
  failed: [],
  requeued: [],
  pagesRead: [],
  readings: [],
  unread: [],
  accepted: [],
})
