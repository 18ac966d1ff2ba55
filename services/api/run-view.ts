import { relative } from 'node:path'
import { hasFailed } from '../../shared/contract.ts'
import { isWithin } from '../../shared/is-within.ts'
import type { Keys } from '../../shared/keys.ts'
import { createParser, progressSchema, type Progress } from '../../shared/messages.ts'
import type { Redis } from '../../shared/redis.ts'
import { runReportSchema, type RunReport } from '../../shared/report.ts'
import type { Ledger } from '../aggregator/ledger/ledger.ts'
import type { Run } from '../aggregator/ledger/runs.ts'
import type { LedgerView } from './ledger-view.ts'
import { scrub } from './problem.ts'
import type { Root } from './roots.ts'
import type { RunView } from './schemas/run.ts'

interface Deps {
  ledger: LedgerView
  redis: Redis
  keys: Keys
  roots: readonly Root[]
}

const lateMs = 5_000

const parseProgress = createParser("a run's progress", progressSchema)
const parseReport = createParser("a run's report", runReportSchema)

/** Shows runs: going on (from Redis), or ended (from the ledger). */
export function createRunViews({ ledger, redis, keys, roots }: Deps) {
  const progressOf = async (runId: string): Promise<Progress | undefined> => {
    const text = await redis.get(keys.progress(runId)).catch(() => null) // Redis is away.
    return text === null ? undefined : parseProgress(JSON.parse(text))
  }

  const show = async (run: Run): Promise<RunView> => {
    const { id, request, startedAt, finishedAt } = run
    const { source = 'folder', priority = 'bulk', labels, recipe } = request
    const self = `/v1/runs/${id}`
    const base = {
      id,
      source,
      priority,
      recipe,
      startedAt,
      finishedAt,
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
    if (source === 'upload') return { ...base, ...uploadState(ledger.get(), run) }
    if (run.report !== null) return { ...base, ...reportState(parseReport(JSON.parse(run.report))) }
    return { ...base, ...folderState(ledger.get(), run, await progressOf(id)) }
  }

  return {
    show,
    /** One run, as it stands; undefined where nobody knows it. */
    async find(id: string): Promise<RunView | undefined> {
      const run = ledger.get().runs.get(id)
      return run && show(run)
    },
    /** Whether this run is an upload that was accepted just now: the ledger may not know it yet. */
    async isAccepted(id: string): Promise<boolean> {
      return (await redis.exists(keys.accepted(id))) === 1
    },
    /** Whether a run has ended and all its events have been told. */
    async isOver(id: string): Promise<boolean> {
      const run = ledger.get().runs.get(id)
      if (run === undefined) return true
      if (run.state === 'active') return false
      if (run.request.source === 'upload') return true
      // The aggregator tells the last events after it has recorded the end, unless it dies in between.
      const progress = await progressOf(id)
      const isLate = Date.now() - Date.parse(run.finishedAt ?? '') > lateMs
      return progress?.state !== 'active' || isLate
    },
    /** Why the aggregator would not begin a run, once it has said so. */
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
  'state' | 'error' | 'counts' | 'isPlanned' | 'pagesRead' | 'pagesPerSecond' | 'etaSeconds'
>

const unknownPace = { pagesRead: null, pagesPerSecond: null, etaSeconds: null }

function uploadState({ submissions }: Ledger, { id, state }: Run): State {
  const counts = submissions.counts(id)
  const isOpen = (counts.get('open') ?? 0) > 0
  return {
    // Its documents may have ended a moment before the run is said to have.
    state: state === 'active' && !isOpen ? 'finished' : state,
    error: null,
    counts: Object.fromEntries(counts),
    isPlanned: true,
    ...unknownPace,
  }
}

function reportState({ state, outcomes, open, pagesRead, pagesPerSecond }: RunReport): State {
  const counts = open > 0 ? { ...outcomes, open } : outcomes
  return {
    state,
    error: null,
    counts,
    isPlanned: true,
    pagesRead,
    pagesPerSecond,
    etaSeconds: null,
  }
}

function folderState({ documents }: Ledger, { id, state }: Run, told?: Progress): State {
  // A run that goes on again is told of as it ended before, until it says something new.
  const progress = state === 'active' && told?.state !== 'active' ? undefined : told
  const final = Object.fromEntries(documents.countFinal(id))
  const open = documents.countOpen(id)
  const counts = { ...final, ...(open > 0 && { open }) }
  if (progress === undefined) {
    return { state, error: null, counts, isPlanned: state !== 'active', ...unknownPace }
  }
  const { unchanged, unstable, planningDone, pagesRead, pagesPerSecond, etaSeconds } = progress
  return {
    state: progress.state,
    error: progress.error && { ...progress.error, message: scrub(progress.error.message) },
    counts: {
      ...counts,
      ...(unchanged > 0 && { skipped_unchanged: unchanged }),
      ...(unstable > 0 && { unstable }),
    },
    isPlanned: planningDone,
    pagesRead,
    pagesPerSecond,
    etaSeconds,
  }
}

/** The allow-listed root that a folder lies in: the host's own paths are nobody's business. */
function placeOf(folder: string, roots: readonly Root[]): Pick<RunView, 'root' | 'path'> {
  const root = roots.find((known) => isWithin(folder, known.folder))
  if (root === undefined) return { root: null, path: null }
  return { root: root.name, path: relative(root.folder, folder) }
}

export const countFailed = (counts: Record<string, number>): number =>
  Object.entries(counts).reduce((sum, [outcome, n]) => sum + (hasFailed(outcome) ? n : 0), 0)
