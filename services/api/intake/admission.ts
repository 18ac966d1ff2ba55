import type { ApiConfig } from '../../../shared/process/config.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Caller } from '../http/auth.ts'
import type { FleetView } from '../state/fleet-view.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import { TryLater } from '../http/problem.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  config: Pick<
    ApiConfig,
    'SCRIPTORIUM_MAX_QUEUE' | 'SCRIPTORIUM_MAX_OPEN_PAGES' | 'SCRIPTORIUM_MAX_RUNS'
  >
  ledger: LedgerView
  tickets: Tickets
  fleet: Pick<FleetView, 'waiting' | 'recentlyUncollected' | 'aggregator'>
  limits: Pick<ServiceLimits, 'require' | 'note'>
  /** Without tokens all callers count as one. */
  hasTokens: boolean
}

const freshMs = 500
const runsAtATime = 100
const longestWaitSeconds = 3_600
const runWaitSeconds = 60
/** Of its open pages that a caller may have while others have filled the queue. */
const keptShare = 0.1

/**
 * Admits more work of a caller, or throws with the time to wait. Each token has a share of open pages; a caller that
 * uses little of it is admitted even when others have filled the queue. `admin` has no share, and is rejected by a full
 * queue like all callers.
 */
export function createAdmission({ config, ledger, tickets, fleet, limits, hasTokens }: Deps) {
  const share = config.SCRIPTORIUM_MAX_OPEN_PAGES
  const counted = new Map<string, { pages: Promise<number>; at: number }>()
  /** Callers at their share: repeated requests cost no more than those of others. */
  const exact = new Map<string, { pages: Promise<number>; at: number }>()

  /** Stops counting at the share. */
  const count = async (name: string): Promise<number> => {
    const { callers } = ledger.get()
    const turns = createEventTurns()
    let pages = 0
    let after: string | undefined = ''
    while (after !== undefined) {
      const runs = callers.openRuns(name, after, runsAtATime)
      for (const runId of runs) {
        pages += callers.openPages(runId, share)
        if (pages >= share) return pages
        await turns.give()
      }
      after = runs.length < runsAtATime ? undefined : runs.at(-1)
    }
    return pages
  }

  const recount = (name: string): Promise<number> => {
    const pages = count(name)
    counted.set(name, { pages, at: performance.now() })
    pages.catch(() => counted.delete(name))
    return pages
  }

  const openPagesOf = async (name: string): Promise<number> => {
    const before = counted.get(name)
    const isFresh = before !== undefined && performance.now() - before.at < freshMs
    const open = (await (isFresh ? before.pages : recount(name))) + tickets.countOf(name)
    return open < share ? open : exactPagesOf(name)
  }

  /** In this order, a page recorded meanwhile is counted twice for a moment, and never missed. */
  const exactPagesOf = async (name: string): Promise<number> => {
    const before = exact.get(name)
    if (before !== undefined && performance.now() - before.at < freshMs) return before.pages
    const pages = tickets.recount(name).then(async (accepted) => accepted + (await recount(name)))
    exact.set(name, { pages, at: performance.now() })
    pages.catch(() => exact.delete(name))
    return pages
  }

  const requireShare = (open: number, pace: number): void => {
    if (open < share) return
    const message = `this token has ${open} unread pages, and its limit is ${share}; wait until some are read`
    throw new TryLater('queue_full', message, secondsFor(open - share + 1, pace))
  }

  return {
    /** Throws `queue_full`, with the time it takes the fleet to make room, or `service_busy`. */
    async require({ name, isAdmin }: Caller): Promise<void> {
      const max = config.SCRIPTORIUM_MAX_QUEUE
      const [waiting, results, open] = await Promise.all([
        fleet.waiting(),
        fleet.recentlyUncollected(),
        hasTokens ? openPagesOf(name) : Number.POSITIVE_INFINITY,
      ])
      limits.require('uncollected_results', results)
      limits.note('queue_jobs', waiting)
      const isSmall = open < share * keptShare
      if (waiting < max && (isAdmin || open < share)) return
      const pace = (await fleet.aggregator())?.pagesPerMinute ?? 0
      if (!isAdmin) requireShare(open, pace)
      if (waiting < max || isSmall) return
      limits.require('queue_jobs', waiting, secondsFor(waiting - max + 1, pace))
    },
    /** Throws `queue_full` where a caller has too many folder runs going on. */
    requireRun({ name, isAdmin }: Caller): void {
      const max = config.SCRIPTORIUM_MAX_RUNS
      if (isAdmin || ledger.get().callers.openFolders(name) < max) return
      const message = `this token has ${max} active runs, its limit; wait for the end of one`
      throw new TryLater('queue_full', message, runWaitSeconds)
    },
  }
}

export type AdmissionControl = ReturnType<typeof createAdmission>

/** Time that the fleet takes for so many pages, seconds; 60 while its pace is unknown. */
const secondsFor = (pages: number, pagesPerMinute: number): number =>
  pagesPerMinute === 0 ? 60 : Math.min(longestWaitSeconds, (pages * 60) / pagesPerMinute)
