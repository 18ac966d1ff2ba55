import { relative } from 'node:path'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import { isWithin } from '../../../shared/files/is-within.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { progressSchema, type Progress } from '../../../shared/contract/messages/progress.ts'
import { scrubPause } from '../../../shared/contract/pause.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { runReportSchema, type RunReport } from '../../../shared/contract/report.ts'
import { upgradeProgress, upgradeRunReport } from '../../../shared/contract/schema/upgrades.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { isFolderRun, type Run } from '../../ledger/runs.ts'
import type { FleetView } from '../state/fleet-view.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { Root } from '../state/roots.ts'
import type { RunView } from '../schemas/run.ts'
import type { Tickets } from '../state/tickets.ts'

interface Deps {
  ledger: LedgerView
  tickets: Tickets
  redis: Redis
  keys: Keys
  roots: readonly Root[]
  fleet: Pick<FleetView, 'blocked'>
}

const lateMs = 5_000

const parseProgress = createParser("a run's progress", progressSchema, upgradeProgress)
const parseReport = createParser("a run's report", runReportSchema, upgradeRunReport)

/** Shows runs: active ones from Redis, ended ones from the ledger. */
export function createRunViews({ ledger, tickets, redis, keys, roots, fleet }: Deps) {
  const progressOf = async (runId: string): Promise<Progress | undefined> => {
    const text = await redis.get(keys.progress(runId)).catch(() => null) // Redis is unreachable.
    return text === null ? undefined : parseProgress(JSON.parse(text))
  }

  const show = async (run: Run): Promise<RunView> => {
    const { id, request, startedAt, finishedAt } = run
    const { source, priority = 'bulk', labels, recipe } = request
    const self = `/v1/runs/${id}`
    const blocked = run.state === 'active' ? await fleet.blocked() : {}
    const base = {
      id,
      source,
      priority,
      recipe,
      startedAt,
      finishedAt,
      blocked: blocked[run.fingerprint] ?? null,
      ...placeOf(request.root, roots),
      tag: labels?.tag ?? null,
      metadata: labels?.metadata ?? {},
      links: {
        self,
        documents: `${self}/documents`,
        results: `${self}/results`,
        report: `${self}/report`,
        events: `${self}/events`,
      },
    }
    if (!isFolderRun(run)) return { ...base, ...uploadState(ledger.get(), run) }
    if (run.report !== null) return { ...base, ...reportState(parseReport(JSON.parse(run.report))) }
    return { ...base, ...folderState(ledger.get(), run, await progressOf(id)) }
  }

  return {
    show,
    /** The present state of a run; undefined if it is unknown. */
    async find(id: string): Promise<RunView | undefined> {
      const run = ledger.get().runs.get(id)
      return run && show(run)
    },
    /** Whether this run is an upload that was accepted just now: the ledger may not know it yet. */
    isAccepted: async (id: string): Promise<boolean> => (await tickets.ofRun(id)) !== undefined,
    /** The present state of an accepted upload that is not recorded yet. */
    async standIn(id: string): Promise<RunView | undefined> {
      const ticket = await tickets.ofRun(id)
      if (ticket === undefined) return undefined
      const { request, fingerprint, acceptedAt: startedAt, documents } = ticket
      const state = 'active'
      const run = {
        id,
        request,
        fingerprint,
        state,
        startedAt,
        finishedAt: null,
        report: null,
      } as const
      return { ...(await show(run)), state, counts: { open: documents.length } }
    },
    /** Whether a run has ended and all its events are published. */
    async isOver(id: string): Promise<boolean> {
      const run = ledger.get().runs.get(id)
      if (run === undefined) return true
      if (run.state === 'active') return false
      if (!isFolderRun(run)) return true
      // The aggregator publishes the last events after it has recorded the end, unless it dies in between.
      const progress = await progressOf(id)
      const isLate = Date.now() - Date.parse(run.finishedAt ?? '') > lateMs
      return progress?.state !== 'active' || isLate
    },
    /** The reason why the aggregator rejected a run, once it is published. */
    async refusal(id: string): Promise<Progress['error'] | undefined> {
      const progress = await progressOf(id)
      return progress?.state === 'refused' ? progress.error : undefined
    },
    reportOf: (run: Run): RunReport | undefined =>
      run.report === null ? undefined : parseReport(JSON.parse(run.report)),
  }
}

export type RunViews = ReturnType<typeof createRunViews>

type State = Pick<
  RunView,
  | 'state'
  | 'error'
  | 'counts'
  | 'isPlanned'
  | 'pagesRead'
  | 'pagesPerSecond'
  | 'etaSeconds'
  | 'estimate'
  | 'pause'
>

const unknownPace = {
  pagesRead: null,
  pagesPerSecond: null,
  etaSeconds: null,
  estimate: null,
  pause: null,
}

function uploadState({ submissions }: Ledger, { id, state }: Run): State {
  const counts = submissions.counts(id)
  const isOpen = (counts.get('open') ?? 0) > 0
  return {
    // Its documents may have ended a moment before the end of the run is published.
    state: state === 'active' && !isOpen ? 'finished' : state,
    error: null,
    counts: Object.fromEntries(counts),
    isPlanned: true,
    ...unknownPace,
  }
}

function reportState(report: RunReport): State {
  const { state, error, outcomes, open, pagesRead, pagesPerSecond } = report
  const pause = report.pause && scrubPause(report.pause)
  const counts = open > 0 ? { ...outcomes, open } : outcomes
  const why = error ?? report.pause
  return {
    state: error === undefined ? state : 'refused',
    error: why === undefined ? null : { code: why.code, message: scrub(why.message) },
    counts,
    isPlanned: state !== 'paused',
    pagesRead,
    pagesPerSecond,
    etaSeconds: null,
    estimate: null,
    pause: pause ?? null,
  }
}

function folderState({ documents }: Ledger, { id, state }: Run, told?: Progress): State {
  // A resumed run shows the state of its earlier end until it publishes a new one; an ended one may show its active
  // state for a moment.
  const isStale = (state === 'active') !== (told?.state === 'active')
  const progress = isStale ? undefined : told
  const final = Object.fromEntries(documents.countFinal(id))
  const open = documents.countOpen(id)
  const counts = { ...final, ...(open > 0 && { open }) }
  if (progress === undefined) {
    return { state, error: null, counts, isPlanned: state !== 'active', ...unknownPace }
  }
  const { unchanged, unstable, planningDone, pagesRead, pagesPerSecond, etaSeconds } = progress
  const { estimate = null } = progress
  return {
    state: progress.state,
    error: errorOf(progress),
    counts: {
      ...counts,
      ...(unchanged > 0 && { skipped_unchanged: unchanged }),
      ...(unstable > 0 && { unstable }),
    },
    isPlanned: planningDone,
    pagesRead,
    pagesPerSecond,
    etaSeconds,
    estimate,
    pause: null,
  }
}

/** For an active run, `blocked` names the obstacle. */
function errorOf({ state, error }: Progress): RunView['error'] {
  if (state === 'active' || error === null) return null
  return { ...error, message: scrub(error.message) }
}

/** The allow-listed root of a folder: paths of the host are not shown. */
function placeOf(folder: string, roots: readonly Root[]): Pick<RunView, 'root' | 'path'> {
  const root = roots.find((known) => isWithin(folder, known.folder))
  if (root === undefined) return { root: null, path: null }
  return { root: root.name, path: relative(root.folder, folder) }
}

export const countFailed = (counts: Record<string, number>): number =>
  Object.entries(counts).reduce((sum, [outcome, n]) => sum + (hasFailed(outcome) ? n : 0), 0)
