import { hasFailed, readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import type { Tally } from '../../ledger/queries/tallies.ts'
import type { History, HistoryPeriod } from '../schemas/history.ts'

/** An hour by minutes, a day by five minutes: enough points for a chart. */
const shapes: Readonly<Record<HistoryPeriod, { stepMinutes: number; steps: number }>> = {
  hour: { stepMinutes: 1, steps: 60 },
  day: { stepMinutes: 5, steps: 288 },
}

const minuteMs = 60_000
/** A batch at the first moment of a step is no throughput of a hundred pages per second. */
const minElapsedSeconds = 15

type Counts = Pick<History['sum'], 'pages' | 'failedPages' | 'documents' | 'failedDocuments'>

/** The minute in which a period begins that ends at `now`. */
export const beginOf = (period: HistoryPeriod, now: number): number => {
  const { stepMinutes, steps } = shapes[period]
  const running = Math.floor(now / minuteMs / stepMinutes)
  return (running - steps + 1) * stepMinutes
}

/** The history of a period that ends at `now`, from the minutes since its begin. */
export function toHistory(tallies: readonly Tally[], period: HistoryPeriod, now: number): History {
  const { stepMinutes, steps } = shapes[period]
  const begin = beginOf(period, now)
  const stepSeconds = stepMinutes * 60
  const sum = nothing()
  const outcomes: Record<string, number> = {}
  const counted = Array.from({ length: steps }, nothing)
  for (const tally of tallies) {
    const step = counted[Math.floor((tally.minute - begin) / stepMinutes)]
    // A clock that was set back has left minutes in the future.
    if (step === undefined) continue
    add(step, tally)
    add(sum, tally)
    const { kind, outcome, count } = tally
    if (kind === 'document') outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  }
  const elapsedOf = (at: number): number =>
    Math.min(stepSeconds, Math.max(minElapsedSeconds, (now - at) / 1_000))
  const points = counted.map((counts, index) => {
    const at = (begin + index * stepMinutes) * minuteMs
    return { at: new Date(at).toISOString(), ...counts, ...ratesOf(counts, elapsedOf(at)) }
  })
  const seconds = now / 1_000 - begin * 60
  return { period, stepSeconds, points, sum: { ...sum, outcomes, ...ratesOf(sum, seconds) } }
}

const nothing = (): Counts => ({
  pages: 0,
  failedPages: 0,
  documents: 0,
  failedDocuments: 0,
})

const readPages: ReadonlySet<string> = readOutcomes

function add(counts: Counts, { kind, outcome, count }: Tally): void {
  if (kind === 'page') {
    counts[readPages.has(outcome) ? 'pages' : 'failedPages'] += count
    return
  }
  if (outcome === 'cancelled') return
  counts.documents += count
  if (hasFailed(outcome)) counts.failedDocuments += count
}

const ratesOf = ({ pages, documents, failedDocuments }: Counts, seconds: number) => ({
  pagesPerSecond: rounded(pages / seconds),
  errorRate: documents === 0 ? null : rounded(failedDocuments / documents),
})

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000
