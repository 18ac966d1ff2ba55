import { setImmediate as turn } from 'node:timers/promises'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import type { DocumentCommands } from './document-commands.ts'
import type { Document } from '../../ledger/document.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun } from '../../ledger/runs.ts'
import { reopenFolder, reopenUploads } from '../planning/reopen.ts'

interface Deps {
  ledger: Ledger
  runs: Pick<ActiveRuns, 'begin' | 'takeUp' | 'interrupt'>
  starter: (request: FolderRequest) => Promise<void>
  resume: (runId: string) => Promise<void>
  documents: DocumentCommands
  /** Cancels lengthy writes of a run's documents. */
  cancelWriting: (runId: string) => void
  /** Notifies webhooks of all documents that have ended. */
  tellRest: () => Promise<void>
  /** Writes the output files of ended documents again. */
  rewrite: (ids: readonly string[]) => Promise<void>
  /** Called when a user requests a delivery of a webhook again. */
  redelivered: (webhookId: string, deliveryId: string) => void
}

const removedAtATime = 500
const cancelledAtATime = 200

/** Executes users' commands. Idempotent: a command is handled again if we died before deleting it. */
export function createCommandHandler(deps: Deps) {
  const { ledger, runs, documents } = deps

  const cancelRun = async (runId: string): Promise<void> => {
    const run = runs.takeUp(runId)
    if (run !== undefined) {
      return run.cancel(async () => {
        await cancelOpen(runId)
        deps.cancelWriting(runId)
      })
    }
    await documents.cancel(await wantedOnlyBy(runId))
    ledger.runs.end(runId, 'cancelled', null)
  }

  /** Twins first: a twin whose original is cancelled would be read itself. In small batches, for they may be many. */
  const cancelOpen = async (runId: string): Promise<void> => {
    for (const state of ['waiting', 'planned'] as const) {
      let first: string | undefined
      for (;;) {
        const ids = ledger.documents.someOpenIn(runId, state, cancelledAtATime)
        if (ids[0] === first) break // None is left, or none can be ended.
        first = ids[0]
        await documents.cancel(ids)
        await turn()
      }
    }
  }

  /** Another caller may have uploaded the same bytes, too, and still waits for them. */
  const wantedOnlyBy = async (runId: string): Promise<string[]> => {
    const { submissions } = ledger
    const wanted: string[] = []
    const turns = createEventTurns()
    for (const id of submissions.documentsOf(runId)) {
      if (!submissions.isWantedBesides(id, runId)) wanted.push(id)
      await turns.give()
    }
    return wanted
  }

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
    { isForced = false, folder }: { isForced?: boolean; folder?: string } = {},
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
      const again = new Set(documents.replan(rows.filter(isWanted), isForced))
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

  const readRunAgain = (runId: string): Promise<void> => {
    const uploads = ledger.submissions.documentsOf(runId)
    if (uploads.length > 0) return readAgain(oneByOne(uploads), isRetryable)
    return readAgain(ledger.documents.failedInTurns(runId), isRetryable, { folder: runId })
  }

  function* oneByOne(ids: readonly string[]): Generator<Document[]> {
    for (const id of ids) {
      const row = ledger.documents.get(id)
      if (row !== undefined) yield [row]
    }
  }

  return async (command: Command): Promise<void> => {
    switch (command.kind) {
      case 'start':
        return deps.starter(command.request)
      case 'interrupt': {
        const run = runs.takeUp(command.runId)
        return run && runs.interrupt(run)
      }
      case 'cancelRun':
        return cancelRun(command.runId)
      case 'resumeRun':
        return deps.resume(command.runId)
      case 'retryRun':
        return readRunAgain(command.runId)
      case 'cancelDocument':
        return documents.cancel([command.documentId])
      case 'retryDocument':
        return readAgain(oneByOne([command.documentId]), isRetryable)
      case 'deleteDocument':
        await documents.forgetJobs(command.documentId)
        await deps.tellRest() // Their submitters are no longer known afterwards.
        return documents.remove(command.documentId)
      case 'repair':
        if (command.tidy) ledger.tidy()
        await deps.rewrite(command.rewrite)
        return readAgain(oneByOne(command.reread), isEnded, { isForced: true })
      case 'addWebhook':
        return ledger.webhooks.add(command.webhook)
      case 'removeWebhook':
        while (ledger.webhooks.removeSome(command.webhookId, removedAtATime)) await turn()
        return ledger.webhooks.remove(command.webhookId)
      case 'redeliver':
        ledger.webhooks.redeliver(command.deliveryId)
        return deps.redelivered(command.webhookId, command.deliveryId)
    }
  }
}

/** An expired upload has lost its input; every other document that ended without text can be retried. */
const isRetryable = (row: Document): boolean =>
  isEnded(row) && row.outcome !== null && (hasFailed(row.outcome) || row.outcome === 'cancelled')

/** Whatever its outcome: the ledger's record of it is damaged. */
const isEnded = (row: Document): boolean => row.state === 'final' && row.expiredAt === null
