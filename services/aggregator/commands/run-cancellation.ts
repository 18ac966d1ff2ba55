import { setImmediate as turn } from 'node:timers/promises'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import type { DocumentCommands } from './document-commands.ts'

interface Deps {
  ledger: Ledger
  runs: Pick<ActiveRuns, 'takeUp'>
  documents: Pick<DocumentCommands, 'cancel'>
  cancelWriting: (runId: string) => void
}

const cancelledAtATime = 200

/** Cancels a run: its open documents end as `cancelled`. Idempotent. */
export function createRunCancellation({ ledger, runs, documents, cancelWriting }: Deps) {
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

  return async (runId: string): Promise<void> => {
    const run = runs.takeUp(runId)
    if (run !== undefined) {
      return run.cancel(async () => {
        await cancelOpen(runId)
        cancelWriting(runId)
      })
    }
    await documents.cancel(await wantedOnlyBy(runId))
    ledger.runs.end(runId, 'cancelled', null)
  }
}
