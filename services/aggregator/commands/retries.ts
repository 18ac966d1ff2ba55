import { mayReadBetter } from '../../../shared/contract/result/page.ts'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun } from '../../ledger/runs.ts'
import type { Extent } from '../planning/plan-file.ts'
import { reopenFolder, reopenUploads } from '../planning/reopen.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import type { DocumentCommands } from './document-commands.ts'

interface Deps {
  ledger: Ledger
  runs: Pick<ActiveRuns, 'begin'>
  documents: Pick<DocumentCommands, 'enqueue' | 'replan'>
}

/** Plans ended documents again. Idempotent. */
export function createRetries({ ledger, runs, documents }: Deps) {
  /** A folder belongs to one run at a time, and that run counts its documents as they end: their retry follows it. */
  const isInUse = (runId: string): boolean => {
    const run = ledger.runs.get(runId)
    if (run?.state === 'paused') return true // It resumes as a whole.
    if (run === undefined || !isFolderRun(run)) return false
    return ledger.runs.active().some(({ request }) => request.out === run.request.out)
  }

  /**
   * Plans these documents again where they are `wanted`, in batches, and then resumes their runs: uploads go straight
   * to the queue, folders through their planner. Documents that are already planned may stem from an attempt at this
   * command before we died.
   */
  const readAgain = async (
    batches: Iterable<readonly Document[]>,
    isWanted: (row: Document) => boolean,
    { extent = 'rest', folder }: { extent?: Extent; folder?: string } = {},
  ): Promise<void> => {
    const inUse = new Map<string, boolean>()
    const isFree = (runId: string): boolean => {
      const known = inUse.get(runId) ?? isInUse(runId)
      inUse.set(runId, known)
      return !known
    }
    const uploads = new Set<string>()
    const folders = new Set(folder !== undefined && isFree(folder) ? [folder] : [])
    const turns = createEventTurns()
    for (const batch of batches) {
      const rows = batch.filter(({ runId }) => isFree(runId))
      const again = new Set(documents.replan(rows.filter(isWanted), extent))
      for (const { id, state, origin, runId } of rows) {
        if (state !== 'planned' && !again.has(id)) continue
        if (origin === 'upload') uploads.add(id)
        else folders.add(runId)
      }
      await turns.give()
    }
    for (const id of uploads) await reopenUploads(ledger, id)
    await documents.enqueue([...uploads])
    for (const runId of folders) {
      const run = reopenFolder(ledger, runId)
      if (run !== undefined) runs.begin(run)
    }
  }

  function* oneByOne(ids: readonly string[]): Generator<Document[]> {
    for (const id of ids) {
      const row = ledger.documents.get(id)
      if (row !== undefined) yield [row]
    }
  }

  return {
    /** Those of a run that ended without text; with `code`, those that failed with this error code. */
    retryRun: (runId: string, code?: string): Promise<void> => {
      const isWanted = (row: Document): boolean =>
        isRetryable(row) && (code === undefined || row.error?.code === code)
      const uploads = ledger.submissions.documentsOf(runId)
      if (uploads.length > 0) return readAgain(oneByOne(uploads), isWanted)
      return readAgain(ledger.documents.failedInTurns(runId, code), isWanted, { folder: runId })
    },
    /** Those of a run that may be read better. */
    retryWarned: (runId: string): Promise<void> => {
      const uploads = ledger.submissions.documentsOf(runId)
      if (uploads.length > 0)
        return readAgain(oneByOne(uploads), isImprovable, { extent: 'warned' })
      const warned = ledger.documents.warnedInTurns(runId)
      return readAgain(warned, isImprovable, { extent: 'warned', folder: runId })
    },
    retryDocument: (documentId: string): Promise<void> =>
      readAgain(oneByOne([documentId]), (row) => isRetryable(row) || isImprovable(row), {
        extent: 'warned',
      }),
    /** Whatever their outcomes: the ledger's records of them are damaged. */
    reread: (documentIds: readonly string[]): Promise<void> =>
      readAgain(oneByOne(documentIds), isEnded, { extent: 'all' }),
  }
}

/** An expired upload has lost its input; every other document that ended without text can be retried. */
const isRetryable = (row: Document): boolean =>
  isEnded(row) && row.outcome !== null && (hasFailed(row.outcome) || row.outcome === 'cancelled')

const isImprovable = (row: Document): boolean => isEnded(row) && mayReadBetter(row.warnings)

const isEnded = (row: Document): boolean => row.state === 'final' && row.expiredAt === null
