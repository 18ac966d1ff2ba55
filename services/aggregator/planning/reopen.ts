import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'

/**
 * Reopens every upload that submitted a document which is read again: there may be thousands, so it works in batches.
 * Idempotent: if we die in between, the command is handled again, and continues with the documents that it finds
 * planned.
 */
export async function reopenUploads(ledger: Ledger, id: string): Promise<void> {
  const { documents, runs, submissions } = ledger
  const isReadAgain = (): boolean => {
    const row = documents.get(id)
    return row?.state === 'planned' && row.origin === 'upload' && row.pass > 1
  }
  const turns = createEventTurns()
  for (const runIds of submissions.runsOf(id)) {
    if (!isReadAgain()) return // It has ended in the meantime, and the others with it.
    ledger.transaction(() => runIds.forEach((runId) => runs.reopen(runId)))
    await turns.give()
  }
}

/** Returns the folder run, which continues if it has documents to read; undefined otherwise. */
export function reopenFolder({ documents, runs }: Ledger, runId: string): FolderRun | undefined {
  if (!documents.hasOpen(runId)) return undefined
  runs.reopen(runId)
  return runs.getFolder(runId)
}
