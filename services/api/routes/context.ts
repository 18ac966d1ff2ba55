import type { ServerResponse } from 'node:http'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { ApiConfig } from '../../../shared/process/config.ts'
import type { BlobTokens } from '../../../shared/blobs/blob-tokens.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { RunRequest } from '../../../shared/contract/messages/run-request.ts'
import type { PdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Run } from '../../ledger/runs.ts'
import type { AdmissionControl } from '../intake/admission.ts'
import type { Token } from '../http/auth.ts'
import type { Accept } from '../intake/accept.ts'
import type { DemandView } from '../state/demand.ts'
import type { DocumentViews } from '../views/document-view.ts'
import type { EventStreams } from '../events/event-streams.ts'
import type { FleetView } from '../state/fleet-view.ts'
import type { SettleIdempotency } from '../intake/idempotency.ts'
import type { Intake } from '../intake/uploads/uploads.ts'
import type { ServiceLimits } from '../limits/limits.ts'
import type { PaceLimits } from '../limits/pace.ts'
import type { CommandClient } from '../state/command-client.ts'
import type { LedgerView } from '../state/ledger-view.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { PagePictures } from '../views/pictures/page-pictures.ts'
import type { Ownership } from '../views/ownership.ts'
import type { OpenSource } from '../intake/open-source.ts'
import type { Renderings } from '../views/renderings.ts'
import type { Root } from '../state/roots.ts'
import type { Searches } from '../search/searches.ts'
import type { RunViews } from '../views/run-view.ts'
import { waitUntil } from '../state/wait.ts'
import type { WorkerWatch } from '../state/worker-watch.ts'

/** Dependencies of the routes. */
export interface Context {
  config: ApiConfig
  log: Logger
  redis: Redis
  keys: Keys
  pdfPasswords: PdfPasswords
  queue: PageQueue
  blobTokens: BlobTokens
  ledger: LedgerView
  fleet: FleetView
  demand: DemandView
  workers: WorkerWatch
  documents: DocumentViews
  runs: RunViews
  events: EventStreams
  /** Records the work in progress. */
  hands: Hands
  limits: ServiceLimits
  /** Minimum speed at which bodies are sent and answers are received. */
  pace: PaceLimits
  intake: Intake
  renderings: Renderings
  pictures: PagePictures
  searches: Searches
  tokens: readonly Token[]
  ownership: Ownership
  admission: AdmissionControl
  accept: Accept
  settleIdempotency: SettleIdempotency
  identities: EngineIdentities
  openSource: OpenSource
  roots: readonly Root[]
  metrics: Metrics
  /** Sends a command to the aggregator and waits until it is done. Throws `aggregator_missing`. */
  command: CommandClient
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

/** Whether the client is still connected. */
export const isAwaited = ({ stopping }: Context, { raw }: { raw: ServerResponse }): boolean =>
  !stopping.aborted && !raw.destroyed

const recordSeconds = 5

/** Returns the run in the ledger; waits a moment for an upload that has just been accepted. */
export async function findRun({ ledger, runs }: Context, id: string): Promise<Run | undefined> {
  const find = (): Run | undefined => ledger.get().runs.get(id)
  const run = find()
  if (run !== undefined) return run
  // Not accepted, or its ticket was deleted during the search.
  if (await runs.isAccepted(id)) await waitUntil(() => find() !== undefined, recordSeconds)
  return find()
}

/** As `findRun`; throws `unknown_run`, or `aggregator_missing` where an upload is not recorded yet. */
export async function requireRun(context: Context, id: string): Promise<Run> {
  const run = await findRun(context, id)
  if (run !== undefined) return run
  if (await context.runs.isAccepted(id)) {
    const message = 'the upload is stored, and the aggregator has not recorded it yet'
    throw new ScriptoriumError('aggregator_missing', message)
  }
  const problem = context.ledger.get().runs.problemOf(id)
  throw problem ?? new ScriptoriumError('unknown_run', `unknown run ${id}`)
}

/** Throws `run_active` where a run is writing to an output folder, which belongs to one run at a time. */
export function requireFreeFolder({ ledger }: Context, request: RunRequest): void {
  if (request.source === 'upload') return
  const other = ledger
    .get()
    .runs.active()
    .find((run) => run.request.out === request.out)
  if (other === undefined) return
  throw new ScriptoriumError(
    'run_active',
    `run ${other.id} writes to the same output folder; wait for its end, or cancel it`,
  )
}
