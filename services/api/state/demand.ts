import type { LedgerView } from './ledger-view.ts'

interface Deps {
  ledger: LedgerView
  /** Time within which the waiting work should be done, milliseconds. */
  targetMs: number
}

/** The part of the queue's depth that workers have yet to do. */
interface OpenJobs {
  interactive: number
  bulk: number
  active: number
}

/** Work for the fleet, and its size. */
interface Demand {
  workSeconds: number
  wantedWorkers: number
}

/** Before a page has been read: one of 300 dpi takes about this long on one core. */
const assumedPageMs = 3_000

/**
 * Estimates how many workers would do the waiting work in time, from the time that the latest pages took: at least one
 * while a job is in progress, 0 where nothing is to do.
 */
export function createDemand({ ledger, targetMs }: Deps) {
  return {
    of({ interactive, bulk, active }: OpenJobs): Demand {
      const pageMs = latestPageMs(ledger) ?? assumedPageMs
      const workMs = (interactive + bulk) * pageMs
      const forWaiting = Math.ceil(workMs / targetMs)
      return {
        workSeconds: Math.round(workMs / 100) / 10,
        wantedWorkers: Math.max(forWaiting, active > 0 ? 1 : 0),
      }
    },
  }
}

export type DemandView = ReturnType<typeof createDemand>

/** Undefined without pages. While the ledger is away, readiness reports it, and the estimate must not end a fleet. */
function latestPageMs(ledger: LedgerView): number | undefined {
  try {
    return ledger.get().pages.latestMs()
  } catch {
    return undefined
  }
}
