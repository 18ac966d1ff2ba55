import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { defaultMaxFailures } from '../../../shared/contract/max-failures.ts'
import { createTally, type Trip } from './breaker.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { FolderRun } from '../../ledger/runs.ts'

/** A run's progress with its canaries, the files that it reads first. */
type CanaryStage =
  | { stage: 'passed' }
  /** These were chosen before a restart or a pause, and have not been read yet. */
  | { stage: 'begun'; paths: ReadonlySet<string> }
  | { stage: 'new' }

/** The ledger gives the stage: with more documents than canaries, or as many ended ones, the run is past them. */
export function canaryStage(
  { documents }: Ledger,
  { id, request: { canary = 0 } }: FolderRun,
): CanaryStage {
  const open = documents.planned(id)
  const ended = [...documents.countFinal(id).values()].reduce((sum, n) => sum + n, 0)
  if (canary === 0 || ended >= canary || ended + open.length > canary) return { stage: 'passed' }
  return open.length === 0
    ? { stage: 'new' }
    : { stage: 'begun', paths: new Set(open.map(({ path }) => path)) }
}

/**
 * Decides whether the run pauses after its canaries: on request if it has other files, or because too many failed, by the
 * breaker's share. Here every failure counts, including
 * those of the files: a user of canaries wants to learn about a folder of Word files before it is read.
 */
export function judgeCanaries(
  { documents }: Ledger,
  { id, request }: FolderRun,
  hasOthers: boolean,
): Trip | undefined {
  const { share } = request.maxFailures ?? defaultMaxFailures
  // A user who disables the failure limit still wants the canaries to be evaluated.
  const maxShare = share < 1 ? share : defaultMaxFailures.share
  const tally = createTally()
  let of = 0
  for (const n of documents.countFinal(id).values()) of += n
  let failures = 0
  for (const row of documents.failedIn(id)) {
    if (row.outcome === null || row.outcome === 'partial' || !hasFailed(row.outcome)) continue
    const error = row.error ?? { code: 'internal', message: '' }
    failures = tally.add({ runId: id, documentId: row.id, page: null, error }, error.code)
  }
  if (failures > maxShare * of) return { rule: 'canary', failures, of, codes: tally.codes }
  return request.pauseAfterCanary === true && hasOthers
    ? { rule: 'canary_read', failures, of, codes: tally.codes }
    : undefined
}
