import type { ServerResponse } from 'node:http'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { ApiConfig } from '../../../shared/config.ts'
import type { EngineIdentities } from '../../../shared/engine-identity.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import type { Keys } from '../../../shared/keys.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Command } from '../../../shared/messages.ts'
import type { PageQueue } from '../../../shared/queue.ts'
import type { Redis } from '../../../shared/redis.ts'
import type { Run } from '../../aggregator/ledger/runs.ts'
import type { Accept } from '../accept.ts'
import type { DocumentViews } from '../document-view.ts'
import type { EventStreams } from '../event-streams.ts'
import type { FleetView } from '../fleet-view.ts'
import type { Intake } from '../uploads/uploads.ts'
import type { LedgerView } from '../ledger-view.ts'
import type { Metrics } from '../metrics.ts'
import type { OpenSource } from '../open-source.ts'
import type { Root } from '../roots.ts'
import type { RunViews } from '../run-view.ts'
import { waitUntil } from '../wait.ts'

/** What routes are built from. */
export interface Context {
  config: ApiConfig
  log: Logger
  redis: Redis
  keys: Keys
  queue: PageQueue
  ledger: LedgerView
  fleet: FleetView
  documents: DocumentViews
  runs: RunViews
  events: EventStreams
  intake: Intake
  accept: Accept
  identities: EngineIdentities
  openSource: OpenSource
  roots: readonly Root[]
  metrics: Metrics
  /** Asks something of the aggregator and waits until it has done it. Throws `aggregator_missing`. */
  command: (command: Command) => Promise<void>
  /** Aborted when the server is to stop: streams end, long polls are answered. */
  stopping: AbortSignal
}

/** A Fastify instance whose routes' types come from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Whether there is still somebody to be answered. */
export const isAwaited = ({ stopping }: Context, { raw }: { raw: ServerResponse }): boolean =>
  !stopping.aborted && !raw.destroyed

const recordSeconds = 5

/** The run, waited for where it is an upload that has just been accepted. Throws `unknown_run` or `aggregator_missing`. */
export async function requireRun({ ledger, runs }: Context, id: string): Promise<Run> {
  const find = (): Run | undefined => ledger.get().runs.get(id)
  const run = find()
  if (run !== undefined) return run
  if (!(await runs.isAccepted(id))) {
    throw new ScriptoriumError('unknown_run', `there is no run ${id}`)
  }
  await waitUntil(() => find() !== undefined, recordSeconds)
  const recorded = find()
  if (recorded !== undefined) return recorded
  const message = 'this upload is safe; the aggregator has not recorded it yet'
  throw new ScriptoriumError('aggregator_missing', message)
}

/** Throws `run_active` where a run is writing to an output folder: it is one run's at a time. */
export function requireFreeFolder({ ledger }: Context, out: string): void {
  const other = ledger
    .get()
    .runs.active()
    .find((run) => run.request.out === out)
  if (other === undefined) return
  throw new ScriptoriumError(
    'run_active',
    `run ${other.id} is reading this folder; follow it, or cancel it first`,
  )
}
