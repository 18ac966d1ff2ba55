import { setTimeout as delay } from 'node:timers/promises'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { causeOf, explain } from '../../../shared/process/causes.ts'
import type { DocumentError } from '../../../shared/contract/result/error.ts'
import { toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Pause } from '../../../shared/contract/pause.ts'
import { UnsafePath } from '../../../shared/files/private-files.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { LeftOut, RunReport } from '../../../shared/contract/report.ts'
import type { Trip } from '../progress/breaker.ts'
import { startEstimating } from '../planning/estimate.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { PdfPasswordOf } from '../../outputs/publish/pdf-password.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import { isConflict } from '../../outputs/publish/recordings.ts'
import type { createPlanner } from '../planning/planner.ts'
import { putBack } from '../planning/put-back.ts'
import type { RunEnds } from './run-ends.ts'
import { createRunProgress, type Counted } from '../progress/run-progress.ts'
import { sumUp } from '../progress/run-report.ts'
import { writeResults } from '../../outputs/publish/write-results.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  lease: Lease
  publisher: Publisher
  ends: RunEnds
  pdfPasswordOf: PdfPasswordOf
  plan: ReturnType<typeof createPlanner>
  /** Records the work in progress. */
  hands?: Pick<Hands, 'hold'>
  /** Called when its canaries fail. */
  onTrip?: (trip: Trip) => void
  onEnd: (runId: string) => void
  log: Logger
  /** Receives the messages that repeat while Redis or the disk rejects writes. */
  outages: Lines
  /** Delay before interrupted planning is retried. */
  planAgainMs?: number
}

const planAgainMs = 5_000

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
  const { ledger, redis, keys, publisher, ends, plan, hands = freeHands, onTrip, onEnd, log } = deps
  const { dryRun, out } = run.request
  const progress = createRunProgress(deps.lease, keys, run, countRun(ledger, run))
  const estimating = startEstimating({ ledger, redis, keys, run, progress, log: deps.outages })
  const planning = new AbortController()
  /** Aborts writing the combined files. */
  const combining = new AbortController()
  let ending: Promise<void> | undefined
  /** Cancelled or paused: it ends in its own way. */
  let isStopped = false
  let refusal: DocumentError | undefined
  if (!dryRun) sweep(publisher, out, log)

  const close = async (state: RunReport['state'], pause?: Pause): Promise<void> => {
    planning.abort()
    estimating.stop()
    await progress.flush() // Before the end: a client that sees a run ended must find all of its events.
    if (dryRun) await progress.close(refusal === undefined ? state : 'refused', refusal)
    else {
      const summed = await sumUp(hands, ledger, run, progress.snapshot(), state, refusal)
      const leftOut = state === 'finished' ? await combine(deps, run, combining.signal) : []
      const report = {
        ...summed,
        ...(pause !== undefined && { pause }),
        ...(leftOut.length > 0 && { leftOut }),
      }
      ends.record(run, report)
      progress.stop()
      await ends.tell(run.id)
      const { outcomes, seconds } = report
      log.info({ runId: run.id, state, outcomes, seconds }, 'run ended')
    }
    onEnd(run.id)
  }

  const end = (state: RunReport['state'], pause?: Pause): Promise<void> =>
    (ending ??= close(state, pause).catch((thrown: unknown) => {
      ending = undefined // The disk may have been full; the next reconciling pass retries.
      throw thrown
    }))

  /** It may be ending by itself at this moment, and writing the combined files. */
  const stopCombining = async (): Promise<void> => {
    combining.abort(new Error('the run was stopped'))
    await ending?.catch(() => undefined)
  }

  const endQuietly = (state: RunReport['state']): void =>
    void end(state).catch((thrown: unknown) =>
      deps.outages.error({ runId: run.id, err: toError(thrown) }, 'ending the run failed'),
    )

  /** Uses the ledger: counts are for display, and may differ after a restart. */
  const endIfDone = (): void => {
    if (isStopped || ending !== undefined) return
    if (refusal !== undefined) return endQuietly('interrupted')
    if (!progress.snapshot().planningDone) return
    if (dryRun || !ledger.documents.hasOpen(run.id)) endQuietly('finished')
  }

  /** Waits for a disk or a Redis that is full or unreachable: the ledger has the documents that are planned already. */
  const planAll = async (): Promise<void> => {
    for (;;) {
      try {
        return await plan(run, progress, planning.signal, onTrip)
      } catch (thrown) {
        const cause = causeOf(thrown)
        if (planning.signal.aborted || dryRun || cause?.retryable !== true) throw thrown
        deps.outages.warn({ runId: run.id, err: cause }, 'planning failed temporarily, retrying')
        await delay(deps.planAgainMs ?? planAgainMs, undefined, { signal: planning.signal })
        progress.planAgain(ledger.documents.countOpen(run.id))
      }
    }
  }

  const onPlanned = async (): Promise<void> => {
    if (dryRun) await estimating.attempt()
    endIfDone()
  }

  const done = planAll().then(onPlanned, (thrown: unknown) => {
    if (planning.signal.aborted) return
    const { code, message } = explain(thrown)
    log.error({ runId: run.id, err: toError(thrown) }, 'planning failed')
    refusal = { code, message: `planning failed: ${message}` }
    endIfDone()
  })

  const stopPlanning = async (): Promise<void> => {
    planning.abort()
    await done
  }

  return {
    run,
    progress,
    endIfDone,
    /** Stops planning and writes the report; a later run continues from the ledger. */
    async interrupt(): Promise<void> {
      await stopPlanning()
      await stopCombining()
      await end('interrupted')
    },
    /** Stops planning, lets `endDocuments` end the open documents, and writes the report. */
    async cancel(endDocuments: () => Promise<void>): Promise<void> {
      isStopped = true
      await stopPlanning()
      await stopCombining()
      await endDocuments()
      // Their texts are in the ledger and are being written to the disk: the report counts them, unless the disk is
      // full.
      await progress.below(1, AbortSignal.timeout(writingMs)).catch(ignoreTimeout)
      await end('cancelled')
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
      await done
      if (ending !== undefined) return // It has just been cancelled, or another run replaces it.
      const turns = createEventTurns()
      for (const _ of putBack(ledger, run.id, isToBlame)) await turns.give()
      if (ending !== undefined) return
      // Results were recorded in the meantime; few of them are left.
      for (const _ of putBack(ledger, run.id, isToBlame));
      progress.putBack(ledger.documents.countFinal(run.id))
      await end('paused', why)
    },
    /** Stops with the process; the run continues when the aggregator restarts. */
    async stop(): Promise<void> {
      progress.stop()
      estimating.stop()
      await stopPlanning()
      await stopCombining()
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

/** Writes the requested combined files of an output folder. Returns those that were skipped. */
async function combine(deps: Deps, run: FolderRun, signal: AbortSignal): Promise<LeftOut[]> {
  if (!run.request.combined) return []
  try {
    return await writeResults(deps, run, await deps.pdfPasswordOf(run), signal)
  } catch (thrown) {
    // The obstacle in their place would still be there the next time: the run ends without them, and `verify` reports
    // it.
    if (!isConflict(thrown)) throw thrown
    deps.log.error({ runId: run.id, err: toError(thrown) }, 'writing the combined files failed')
    return []
  }
}
