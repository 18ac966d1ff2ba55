import { setTimeout as delay } from 'node:timers/promises'
import type { DocumentError } from '../../../shared/contract/result/error.ts'
import { causeOf, explain } from '../../../shared/process/causes.ts'
import { toError } from '../../../shared/process/errors.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'
import type { createPlanner } from '../planning/planner.ts'
import type { Trip } from '../progress/breaker.ts'
import type { RunProgress } from '../progress/run-progress.ts'

export interface RunPlanningDeps {
  ledger: Ledger
  plan: ReturnType<typeof createPlanner>
  /** Called when its canaries fail. */
  onTrip?: (trip: Trip) => void
  log: Logger
  /** Receives the messages that repeat while Redis or the disk rejects writes. */
  outages: Lines
  /** Delay before interrupted planning is retried. */
  planAgainMs?: number
}

interface Outcome {
  onPlanned: () => Promise<void>
  /** Called with the reason why the run cannot be planned. */
  onRefused: (why: DocumentError) => void
}

const defaultPlanAgainMs = 5_000

/** Begins to plan a run. */
export function startPlanning(
  { ledger, plan, onTrip, log, outages, planAgainMs = defaultPlanAgainMs }: RunPlanningDeps,
  run: FolderRun,
  progress: RunProgress,
  { onPlanned, onRefused }: Outcome,
) {
  const planning = new AbortController()

  /** Waits for a disk or a Redis that is full or unreachable: the ledger has the documents that are planned already. */
  const planAll = async (): Promise<void> => {
    for (;;) {
      try {
        return await plan(run, progress, planning.signal, onTrip)
      } catch (thrown) {
        const cause = causeOf(thrown)
        if (planning.signal.aborted || run.request.dryRun || cause?.retryable !== true) throw thrown
        outages.warn({ runId: run.id, err: cause }, 'planning failed temporarily, retrying')
        await delay(planAgainMs, undefined, { signal: planning.signal })
        progress.planAgain(ledger.documents.countOpen(run.id))
      }
    }
  }

  const done = planAll().then(onPlanned, (thrown: unknown) => {
    if (planning.signal.aborted) return
    const { code, message } = explain(thrown)
    log.error({ runId: run.id, err: toError(thrown) }, 'planning failed')
    onRefused({ code, message: `planning failed: ${message}` })
  })

  return {
    /** Resolves when planning has ended, in whatever way. */
    done,
    abort: (): void => planning.abort(),
    async stop(): Promise<void> {
      planning.abort()
      await done
    },
  }
}
