import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { toError } from '../../../shared/process/errors.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import { replanOpen } from '../planning/replan-run.ts'

interface Deps {
  ledger: Ledger
  identities: EngineIdentities
  /** Whether no run is writing to this output folder. */
  isFree: (out: string) => boolean
  begin: (run: FolderRun) => void
  log: Logger
}

/**
 * Resumes a paused run. The model may have been repaired in the meantime, which makes it another engine for the ledger:
 * then planned documents are planned again for it. Idempotent, because a command may be delivered twice.
 */
export function createRunResumer({ ledger, identities, isFree, begin, log }: Deps) {
  return async (runId: string): Promise<void> => {
    const run = ledger.runs.getFolder(runId)
    if (run?.state !== 'paused' || !isFree(run.request.out)) return
    const { recipe } = run.request
    const engine = await identities(recipe).catch((thrown: unknown) => {
      log.error({ runId, err: toError(thrown) }, 'resuming the run failed, it stays paused')
    })
    if (engine === undefined) return
    const fingerprint = fingerprintOf(recipe, engine)
    if (fingerprint !== run.fingerprint) {
      const turns = createEventTurns()
      for (const some of replanOpen(ledger, runId, fingerprint)) {
        log.debug({ runId, documents: some.length }, 'planned anew')
        await turns.give()
      }
      if (!isFree(run.request.out)) return
    }
    const isResumed = ledger.runs.resume(runId, fingerprint)
    const resumed = ledger.runs.getFolder(runId)
    if (isResumed && resumed !== undefined) begin(resumed)
  }
}
