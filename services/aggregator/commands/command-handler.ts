import { setImmediate as turn } from 'node:timers/promises'
import type { Command } from '../../../shared/contract/messages/command.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import type { DocumentCommands } from './document-commands.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createCorrector } from './corrector.ts'
import { createRetries } from './retries.ts'
import { createRunCancellation } from './run-cancellation.ts'

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

/** Executes users' commands. Idempotent: a command is handled again if we died before deleting it. */
export function createCommandHandler(deps: Deps) {
  const { ledger, runs, documents } = deps
  const cancelRun = createRunCancellation(deps)
  const retries = createRetries(deps)
  const correctPage = createCorrector(deps)

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
        return retries.retryRun(command.runId, command.code)
      case 'retryWarned':
        return retries.retryWarned(command.runId)
      case 'cancelDocument':
        return documents.cancel([command.documentId])
      case 'retryDocument':
        return retries.retryDocument(command.documentId)
      case 'deleteDocument':
        await documents.forgetJobs(command.documentId)
        await deps.tellRest() // Their submitters are no longer known afterwards.
        return documents.remove(command.documentId)
      case 'correctPage':
        return correctPage(command)
      case 'repair':
        if (command.tidy) ledger.tidy()
        await deps.rewrite(command.rewrite)
        return retries.reread(command.reread)
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
