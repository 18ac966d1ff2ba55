/**
 * Outcome of a document. `partial`: some of its pages could not be read, the others were. `skipped_unchanged` counts in
 * a run; it never overwrites the record of the reading.
 */
export const outcomes = [
  'succeeded',
  'empty',
  'partial',
  'skipped_unchanged',
  'duplicate',
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
  'cancelled',
] as const
export type Outcome = (typeof outcomes)[number]

/** Outcomes with text (the text of an empty page is the empty string). */
export const readOutcomes: ReadonlySet<Outcome> = new Set([
  'succeeded',
  'empty',
  'partial',
  'duplicate',
])
/** Outcomes that `--retry-failed` reads again; of a `partial` document only the failed pages. */
export const failedOutcomes: ReadonlySet<Outcome> = new Set([
  'partial',
  'rejected',
  'timeout',
  'engine_crash',
  'failed',
])

export const hasFailed = (outcome: string): boolean =>
  [...failedOutcomes].some((failed) => failed === outcome)
