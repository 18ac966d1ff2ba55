import type { DocumentError } from '../../../shared/contract/result/error.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Progress } from '../../../shared/contract/messages/progress.ts'
import type { RunReport } from '../../../shared/contract/report.ts'
import { workItems } from '../../ledger/work-items.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'

const listed = 5
const listedPaths = 20

/** Builds a run's report from the ledger, and from `progress` for the documents that needed no reading. */
export async function buildReport(
  { documents, pages }: Ledger,
  run: FolderRun,
  progress: Readonly<Progress>,
  state: RunReport['state'],
  error?: DocumentError,
): Promise<RunReport> {
  const { id, startedAt } = run
  const about = aboutRun(run, progress, state)
  const { seconds } = about
  // Each query scans all pages of the run: the event loop gets a turn after it.
  const turns = createEventTurns()
  const ask = async <T>(question: () => T): Promise<T> => {
    const answer = question()
    await turns.give()
    return answer
  }
  const pagesRead = await ask(() => pages.count(id))
  // A resumed run started again: earlier readings took none of this time.
  const shares = await ask(() => pages.shares(id, startedAt))
  const p50 = await ask(() => pages.percentile(id, 0.5))
  const p95 = await ask(() => pages.percentile(id, 0.95))
  const slowest = await ask(() => pages.slowest(id, listed))
  const leastConfident = await ask(() => pages.leastConfident(id, listed))
  const warned = await ask(() => documents.warned(id, listedPaths))
  const lately = shares.reduce((sum, share) => sum + share.lately, 0)
  const final = documents.countFinal(id)
  const open = documents.countOpen(id)
  const unstable = Math.max(progress.unstable, final.get('unstable') ?? 0)
  return {
    ...about,
    outcomes: {
      ...Object.fromEntries(final),
      ...(progress.unchanged > 0 && { skipped_unchanged: progress.unchanged }),
      ...(unstable > 0 && { unstable }),
    },
    unavailable: Math.max(progress.unavailable, documents.countUnavailable(id)),
    open,
    ...(state === 'finished' && {
      unsettled: { count: open, paths: documents.openPaths(id, listedPaths) },
    }),
    warned,
    ...(error !== undefined && { error }),
    pagesRead,
    pagesPerSecond: round(lately / Math.max(seconds, 0.001)),
    pageMs: { p50, p95 },
    workers: shares.map(({ worker, pages: read, ms }) => ({
      worker,
      pages: read,
      share: round(read / Math.max(pagesRead, 1)),
      // Workers of an older version do not report the time in which they worked on two pages at once.
      utilisation: Math.min(1, round(ms / 1_000 / Math.max(seconds, 0.001))),
    })),
    slowest,
    leastConfident,
  }
}

/** The same; for a run over whose report the aggregator died, only the end and the reason for the missing figures. */
export async function sumUp(
  hands: Pick<Hands, 'hold'>,
  ...[ledger, run, progress, state, error]: Parameters<typeof buildReport>
): Promise<RunReport> {
  try {
    return await hands.hold(workItems.end(run.id), () =>
      buildReport(ledger, run, progress, state, error),
    )
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError) || thrown.code !== 'poison') throw thrown
    return bareReport(run, progress, state, { code: thrown.code, message: thrown.message })
  }
}

/** The part of a report that needs no documents. */
function bareReport(
  run: FolderRun,
  progress: Readonly<Progress>,
  state: RunReport['state'],
  error: DocumentError,
): RunReport {
  return {
    ...aboutRun(run, progress, state),
    outcomes: { succeeded: progress.done, failed: progress.failed },
    unavailable: progress.unavailable,
    open: 0,
    error,
    pagesRead: progress.pagesRead,
    pagesPerSecond: 0,
    pageMs: { p50: 0, p95: 0 },
    workers: [],
    slowest: [],
    leastConfident: [],
  }
}

function aboutRun(
  { id, request, fingerprint, startedAt }: FolderRun,
  { seen, restored, existing, failedEarlier }: Readonly<Progress>,
  state: RunReport['state'],
) {
  const { root, out, recipe } = request
  const finishedAt = new Date().toISOString()
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000
  return {
    runId: id,
    state,
    root,
    out,
    recipe,
    fingerprint,
    startedAt,
    finishedAt,
    seconds,
    seen,
    restored,
    existing,
    failedEarlier,
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
