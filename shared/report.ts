/** What a run tells at its end: shown as the summary, written with `--report`, served by the API. */
import { Type, type Static } from '@sinclair/typebox'
import { recipeSchema } from './recipe.ts'
import { oneOf } from './one-of.ts'

const pageLineSchema = Type.Object({
  path: Type.String(),
  page: Type.Integer(),
  ms: Type.Number(),
  confidence: Type.Number(),
})

export const runReportSchema = Type.Object({
  runId: Type.String(),
  state: oneOf(['finished', 'interrupted', 'cancelled']),
  root: Type.String(),
  out: Type.String(),
  recipe: recipeSchema,
  fingerprint: Type.String(),
  startedAt: Type.String(),
  finishedAt: Type.String(),
  seconds: Type.Number(),
  /** Files the walk came upon, and how many had each of the contract's outcomes or were left `unstable`. */
  seen: Type.Integer(),
  outcomes: Type.Record(Type.String(), Type.Integer()),
  /** Of the unchanged: those whose output was missing or edited and was written again from the ledger. */
  restored: Type.Integer(),
  /** Documents that could not be written in every format that was asked for. */
  unavailable: Type.Integer(),
  /** Of the unchanged: those that failed in an earlier run. */
  failedEarlier: Type.Integer(),
  /** Documents that were planned and not reached: an interrupted run goes on with them. */
  open: Type.Integer(),
  pagesRead: Type.Integer(),
  pagesPerSecond: Type.Number(),
  /** Time a page kept its worker busy, milliseconds. */
  pageMs: Type.Object({ p50: Type.Number(), p95: Type.Number() }),
  workers: Type.Array(
    Type.Object({
      worker: Type.String(),
      pages: Type.Integer(),
      /** Of all pages of the run, 0 to 1. */
      share: Type.Number(),
      /** Busy time over the run's time, 0 to 1; above 1 where preparing and recognising overlap. */
      utilisation: Type.Number(),
    }),
  ),
  slowest: Type.Array(pageLineSchema),
  leastConfident: Type.Array(pageLineSchema),
})
export type RunReport = Static<typeof runReportSchema>
