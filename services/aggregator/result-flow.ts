import { toError } from '../../shared/process/errors.ts'
import type { Acceptance } from '../../shared/contract/messages/command.ts'
import type { Hands } from '../../shared/hands/hands.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import type { Keys } from '../../shared/redis/keys.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import type { PageQueue } from '../../shared/redis/queue.ts'
import type { Tracer } from '../../shared/tracing/tracer.ts'
import type { Measures } from '../../shared/redis/measures.ts'
import type { ResultReader } from '../../shared/redis/result-stream.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { BackgroundPublisher } from '../outputs/publish/background-publisher.ts'
import type { Publisher } from '../outputs/publish/publisher.ts'
import { createFeed } from './events/feed.ts'
import type { ActiveRuns } from './runs/active-runs.ts'
import type { RunGuard } from './runs/run-guard.ts'
import type { createUploadWatch } from './runs/upload-watch.ts'
import { createCollector } from './results/collector.ts'
import { createPace } from './results/pace.ts'
import { createRecorder } from './results/recorder.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  reader: ResultReader
  queue: PageQueue
  publisher: Publisher
  background: Pick<BackgroundPublisher, 'take'>
  runs: Pick<ActiveRuns, 'ended' | 'endIfDone' | 'pagesRead'>
  uploads: ReturnType<typeof createUploadWatch>
  guard: Pick<RunGuard, 'onReadings'>
  /** Called in the transaction in which a document becomes final. */
  announce: (documentId: string) => void
  /** Called with uploads that the ledger has just recorded. */
  onAccepted: (accepted: readonly Acceptance[]) => void
  hands: Hands
  measures: Pick<Measures, 'observe'>
  tracer: Tracer
  outages: Lines
}

/** The way of results: from the stream into the ledger and the output files, and to everything that counts them. */
export function createResultFlow(deps: Deps) {
  const { ledger, publisher, background, runs, uploads, guard, outages } = deps
  const pace = createPace()
  const feed = createFeed(deps)
  const onNotEnded = (thrown: unknown): void =>
    outages.warn({ err: toError(thrown) }, 'ending an upload failed, the next pass retries')
  /** Counts documents that have just become final. */
  const onFinal = (ids: readonly string[]): void => {
    void feed(ids)
    const others = runs.ended(ids)
    if (others.length > 0) uploads.ended(others).catch(onNotEnded)
    runs.endIfDone()
  }
  const collector = createCollector({
    ledger,
    reader: deps.reader,
    queue: deps.queue,
    publisher: { publish: (ids) => publisher.publish(background.take(ids)) },
    record: createRecorder(ledger, deps.announce),
    onAccepted(accepted) {
      deps.onAccepted(accepted)
      uploads.accepted(accepted.map(({ request }) => request.runId)).catch(onNotEnded)
    },
    onPages(read) {
      pace.add(read.length)
      uploads.pagesRead(runs.pagesRead(read)).catch(onNotEnded)
    },
    onReadings: (readings) => guard.onReadings(readings),
    onFinal,
    hands: deps.hands,
    measures: deps.measures,
    tracer: deps.tracer,
    log: outages,
  })
  /** Ends uploads whose documents have ended. Never rejects. */
  const recoverUploads = (): Promise<void> => uploads.recover().catch(onNotEnded)
  return { collector, pace, onFinal, recoverUploads }
}
