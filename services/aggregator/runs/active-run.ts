import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Pause } from '../../../shared/contract/pause.ts'
import { UnsafePath } from '../../../shared/files/private-files.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { startEstimating } from '../planning/estimate.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import { putBack } from '../planning/put-back.ts'
import { createRunProgress, type Counted } from '../progress/run-progress.ts'
import { createRunEnding, type RunEndingDeps } from './run-ending.ts'
import { startPlanning, type RunPlanningDeps } from './run-planning.ts'

interface Deps extends RunPlanningDeps, RunEndingDeps {
  redis: Redis
  keys: Keys
  lease: Lease
}

/** Maximum wait of a cancelled run for files that are being written. */
const writingMs = 5_000
const ignoreTimeout = (): void => undefined

/** If a foreign file is in the folder's place, the documents fail one by one; the service continues. */
function sweep(publisher: Publisher, out: string, log: Logger): void {
  try {
    publisher.filesOf(out).sweep()
  } catch (thrown) {
    if (!(thrown instanceof UnsafePath)) throw thrown
    log.error({ out, err: thrown }, 'writing to the output folder failed')
  }
}

/** An active run: its planner, its progress, and its end. */
export function startRun(deps: Deps, run: FolderRun) {
  const { ledger, redis, keys, outages } = deps
  const { dryRun, out } = run.request
  const progress = createRunProgress(deps.lease, keys, run, countRun(ledger, run))
  const estimating = startEstimating({ ledger, redis, keys, run, progress, log: outages })
  const ending = createRunEnding(deps, run, progress, () => {
    planning.abort()
    estimating.stop()
  })
  /** Cancelled or paused: it ends in its own way. */
  let isStopped = false
  if (!dryRun) sweep(deps.publisher, out, deps.log)

  /** Uses the ledger: counts are for display, and may differ after a restart. */
  const endIfDone = (): void => {
    if (isStopped || ending.hasBegun()) return
    if (ending.isRefused()) return ending.endQuietly('interrupted')
    if (!progress.snapshot().planningDone) return
    if (dryRun || !ledger.documents.hasOpen(run.id)) ending.endQuietly('finished')
  }

  const planning = startPlanning(deps, run, progress, {
    async onPlanned() {
      if (dryRun) await estimating.attempt()
      endIfDone()
    },
    onRefused(why) {
      ending.refuse(why)
      endIfDone()
    },
  })

  const stop = async (): Promise<void> => {
    await planning.stop()
    await ending.stopCombining()
  }

  return {
    run,
    progress,
    endIfDone,
    /** Stops planning and writes the report; a later run continues from the ledger. */
    async interrupt(): Promise<void> {
      await stop()
      await ending.end('interrupted')
    },
    /** Stops planning, lets `endDocuments` end the open documents, and writes the report. */
    async cancel(endDocuments: () => Promise<void>): Promise<void> {
      isStopped = true
      await stop()
      await endDocuments()
      // Their texts are in the ledger and are being written to the disk: the report counts them, unless the disk is
      // full.
      await progress.below(1, AbortSignal.timeout(writingMs)).catch(ignoreTimeout)
      await ending.end('cancelled')
    },
    /** Stops planning and does not end by itself: a pause follows. */
    hold(): void {
      isStopped = true
      planning.abort()
    },
    /**
     * Plans the documents that the service failed again, and writes the report: the run continues when it is resumed.
     * May be repeated.
     */
    async pause(why: Pause, isToBlame: (code: string) => boolean): Promise<void> {
      await planning.done
      // It may have just been cancelled, or another run replaces it.
      if (ending.hasBegun()) return
      const turns = createEventTurns()
      for (const _ of putBack(ledger, run.id, isToBlame)) {
        await turns.give()
        if (ending.hasBegun()) return
      }
      progress.putBack(ledger.documents.countFinal(run.id))
      await ending.end('paused', why)
      // Documents may have failed while the report was written. From now on the recorder puts such failures off.
      for (const _ of putBack(ledger, run.id, isToBlame)) await turns.give()
    },
    /** Stops with the process; the run continues when the aggregator restarts. */
    async stop(): Promise<void> {
      progress.stop()
      estimating.stop()
      await stop()
    },
  }
}

export type ActiveRun = ReturnType<typeof startRun>

/** A run's counts in the ledger, from which it continues after a restart. */
export const countRun = ({ documents, pages }: Ledger, { id }: FolderRun): Counted => ({
  final: documents.countFinal(id),
  open: documents.countOpen(id),
  pagesRead: pages.count(id),
  unavailable: documents.countUnavailable(id),
})
