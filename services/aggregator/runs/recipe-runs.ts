import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import { jobIdsOf } from '../../ledger/document-jobs.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun, Run } from '../../ledger/runs.ts'
import { replanOpen } from '../planning/replan-run.ts'
import type { ActiveRun } from './active-run.ts'

interface Deps {
  ledger: Ledger
  queue: Pick<PageQueue, 'remove'>
  active: ReadonlyMap<string, ActiveRun>
  /** Continues a run that was planned again. */
  replace: (run: FolderRun) => void
  /** Called when the reconciler has jobs to add. */
  onDue: () => void
  log: Logger
}

/** The open runs of a recipe, in turns of the event loop: there may be thousands. */
export function createRecipeRuns({ ledger, queue, active, replace, onDue, log }: Deps) {
  /** Plans the open runs of one fingerprint again for another one. */
  const planAnew = async (from: string, to: string): Promise<void> => {
    const turns = createEventTurns()
    for (const runs of ledger.runs.activeWith(from)) {
      for (const run of runs) {
        await planRunAnew(run, to)
        await turns.give()
      }
    }
  }

  const planRunAnew = async (run: Run, to: string): Promise<void> => {
    const going = active.get(run.id)
    const isEnding = going?.progress.snapshot().planningDone && !ledger.documents.hasOpen(run.id)
    if (isEnding) return
    await going?.stop()
    let documents = 0
    const turns = createEventTurns()
    for (const left of replanOpen(ledger, run.id, to)) {
      documents += left.length
      await queue.remove(left.flatMap(jobIdsOf))
      await turns.give()
    }
    ledger.runs.setFingerprint(run.id, to)
    log.warn(
      { runId: run.id, documents, from: run.fingerprint, to },
      'no worker has the engine of this run, planning it again for the current engine',
    )
    onDue()
    if (going !== undefined) replace({ ...going.run, fingerprint: to })
  }

  /** The API may add uploads at any time; only we add the jobs of folders. */
  const takeOffQueue = async (fingerprint: string, isNew: boolean): Promise<void> => {
    const turns = createEventTurns()
    for (const runs of ledger.runs.activeWith(fingerprint)) {
      for (const { id, request } of runs) {
        if (!isNew && request.source === 'folder') continue
        for (const open of ledger.documents.openInTurns(id)) {
          await queue.remove(open.flatMap(jobIdsOf))
          await turns.give()
        }
      }
      await turns.give()
    }
  }

  return { planAnew, takeOffQueue }
}
