import { hasFailed } from '../../shared/contract.ts'
import type { Command, RunRequest } from '../../shared/messages.ts'
import type { ActiveRun } from './active-run.ts'
import type { DocumentCommands } from './document-commands.ts'
import type { DocumentRow } from './ledger/documents.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'

interface Deps {
  ledger: Ledger
  active: ReadonlyMap<string, ActiveRun>
  starter: (request: RunRequest) => Promise<void>
  interrupt: (run: ActiveRun) => Promise<void>
  go: (run: Run) => void
  documents: DocumentCommands
  /** Called when a webhook's delivery may be due. */
  wake: () => void
}

/** Does what users ask. Idempotent: a command is handled again where we died before forgetting it. */
export function createCommandHandler(deps: Deps) {
  const { ledger, active, documents, wake } = deps

  const cancelRun = async (runId: string): Promise<void> => {
    const run = active.get(runId)
    if (run !== undefined) {
      return run.cancel(() => documents.cancel(ledger.documents.openIn(runId)))
    }
    await documents.cancel(wantedOnlyBy(runId))
    if (ledger.runs.get(runId)?.state === 'active') ledger.runs.end(runId, 'cancelled', null)
  }

  /** The same bytes may have been uploaded by somebody else too, who still waits for them. */
  const wantedOnlyBy = (runId: string): string[] =>
    ledger.submissions.documentsOf(runId).filter((id) => {
      const others = ledger.submissions.runsOf(id).filter((other) => other !== runId)
      return !others.some((other) => ledger.runs.get(other)?.state === 'active')
    })

  /** A folder is one run's at a time, and that run counts its documents as they end: their retry comes after it. */
  const isInUse = (row: DocumentRow): boolean => {
    const out = row.is_upload === 1 ? undefined : ledger.runs.get(row.run_id)?.request.out
    return out !== undefined && [...active.values()].some(({ run }) => run.request.out === out)
  }

  /** Uploads go on the queue as they are; a folder run goes on, and its planner finds what is planned. */
  const readAgain = async (rows: readonly DocumentRow[]): Promise<void> => {
    const again = new Set(documents.replan(rows.filter((row) => !isInUse(row))))
    const planned = rows.filter(({ id }) => again.has(id))
    const uploads = planned.filter((row) => row.is_upload === 1)
    await documents.enqueue(uploads.map(({ id }) => id))
    const folders = planned.filter((row) => row.is_upload === 0)
    for (const runId of new Set(folders.map((row) => row.run_id))) {
      const run = ledger.runs.get(runId)
      if (run !== undefined) deps.go(run)
    }
  }

  const failedOf = (runId: string): DocumentRow[] => {
    const uploaded = ledger.submissions.documentsOf(runId)
    if (uploaded.length === 0) return ledger.documents.failedIn(runId)
    return uploaded.flatMap((id) => retryable(ledger.documents.get(id)))
  }

  return async (command: Command): Promise<void> => {
    switch (command.kind) {
      case 'start':
        return deps.starter(command.request)
      case 'interrupt': {
        const run = active.get(command.runId)
        return run && deps.interrupt(run)
      }
      case 'cancelRun':
        return cancelRun(command.runId)
      case 'retryRun':
        return readAgain(failedOf(command.runId))
      case 'cancelDocument':
        return documents.cancel([command.documentId])
      case 'retryDocument':
        return readAgain(retryable(ledger.documents.get(command.documentId)))
      case 'deleteDocument':
        await documents.forgetJobs(command.documentId)
        return documents.remove(command.documentId)
      case 'addWebhook':
        return ledger.webhooks.add(command.webhook)
      case 'removeWebhook':
        return ledger.webhooks.remove(command.webhookId)
      case 'redeliver':
        ledger.webhooks.redeliver(command.deliveryId)
        return wake()
    }
  }
}

/** An expired upload's input is gone; everything else that ended without text can be tried again. */
function retryable(row: DocumentRow | undefined): DocumentRow[] {
  const isFailed =
    row?.state === 'final' && row.expired_at === null && row.outcome !== null
      ? hasFailed(row.outcome) || row.outcome === 'cancelled'
      : false
  return row !== undefined && isFailed ? [row] : []
}
