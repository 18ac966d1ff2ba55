import type { Outcome } from '../../../shared/contract/result/outcomes.ts'
import type { DocumentRow, RunStateName } from '../live/views.ts'

/** Outcomes in words. */
export const outcomeNames: Readonly<Record<Outcome, string>> = {
  succeeded: 'Read',
  empty: 'No text',
  partial: 'Partly read',
  skipped_unchanged: 'Unchanged',
  duplicate: 'Same as another',
  rejected: 'Rejected',
  timeout: 'Timed out',
  engine_crash: 'Engine crashed',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
const isOutcome = (text: string): text is Outcome => Object.hasOwn(outcomeNames, text)

/** `unstable` and `open` are counted as outcomes are. */
export const nameOutcome = (outcome: string): string => {
  if (isOutcome(outcome)) return outcomeNames[outcome]
  return { open: 'Open', unstable: 'Changing' }[outcome] ?? outcome
}

/** Outcomes that a retry reads again. */
export const retriedOutcomes: readonly Outcome[] = [
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
  'partial',
]
export const isFailure = (outcome: string | null): boolean =>
  retriedOutcomes.some((failed) => failed === outcome)

/** Whether another reading may give a text, or a better one. */
export const isRetryable = ({ status, outcome, warnings }: DocumentRow): boolean =>
  status === 'finished' &&
  (isFailure(outcome) || outcome === 'cancelled' || warnings.includes('reading_given_up'))

type Tone = 'good' | 'bad' | 'busy' | 'quiet'

export const toneOf = (outcome: string): Tone => {
  if (isFailure(outcome)) return 'bad'
  return outcome === 'succeeded' ? 'good' : 'quiet'
}

const Badge = ({ tone, text }: { tone: Tone; text: string }) => (
  <span class={`badge ${tone}`}>{text}</span>
)

/** The outcome of a document, or its progress until there is one. */
export function DocumentBadge({ status, outcome, blocked, progress }: DocumentRow) {
  if (outcome !== null) return <Badge tone={toneOf(outcome)} text={outcomeNames[outcome]} />
  if (blocked !== null) return <Badge tone="bad" text="No worker can read it" />
  if (status === 'queued') return <Badge tone="quiet" text="Waiting" />
  const { pagesDone, pagesTotal } = progress
  const pages = pagesTotal !== null && pagesTotal > 1 ? ` ${pagesDone} of ${pagesTotal}` : ''
  return <Badge tone="busy" text={`Reading${pages}`} />
}

const runStates: Readonly<Record<RunStateName, [Tone, string]>> = {
  active: ['busy', 'Active'],
  finished: ['good', 'Finished'],
  interrupted: ['quiet', 'Interrupted'],
  paused: ['bad', 'Paused'],
  cancelled: ['quiet', 'Cancelled'],
  refused: ['bad', 'Refused'],
}

export function RunStateBadge({ state }: { state: RunStateName }) {
  const [tone, text] = runStates[state]
  return <Badge tone={tone} text={text} />
}
