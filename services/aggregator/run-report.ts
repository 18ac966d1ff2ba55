import type { Progress } from '../../shared/messages.ts'
import type { RunReport } from '../../shared/report.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Run } from './ledger/runs.ts'

const listed = 5

/** Sums up a run from the ledger, and from `progress` what the ledger does not keep: what needed no reading. */
export function buildReport(
  { documents, pages }: Ledger,
  run: Run,
  progress: Readonly<Progress>,
  state: RunReport['state'],
): RunReport {
  const { id, request, fingerprint, startedAt } = run
  const finishedAt = new Date().toISOString()
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000
  const pagesRead = pages.count(id)
  const final = documents.countFinal(id)
  const unstable = Math.max(progress.unstable, final.get('unstable') ?? 0)
  return {
    runId: id,
    state,
    root: request.root,
    out: request.out,
    recipe: request.recipe,
    fingerprint,
    startedAt,
    finishedAt,
    seconds,
    seen: progress.seen,
    outcomes: {
      ...Object.fromEntries(final),
      ...(progress.unchanged > 0 && { skipped_unchanged: progress.unchanged }),
      ...(unstable > 0 && { unstable }),
    },
    restored: progress.restored,
    unavailable: progress.unavailable,
    failedEarlier: progress.failedEarlier,
    open: documents.countOpen(id),
    pagesRead,
    pagesPerSecond: round(pagesRead / Math.max(seconds, 0.001)),
    pageMs: { p50: pages.percentile(id, 0.5), p95: pages.percentile(id, 0.95) },
    workers: pages.shares(id).map(({ worker, pages: read, ms }) => ({
      worker,
      pages: read,
      share: round(read / Math.max(pagesRead, 1)),
      utilisation: round(ms / 1_000 / Math.max(seconds, 0.001)),
    })),
    slowest: pages.slowest(id, listed),
    leastConfident: pages.leastConfident(id, listed),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
