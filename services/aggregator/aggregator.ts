import { decodeMemory, durationMs, type AggregatorConfig } from '../../shared/process/config.ts'
import { createEngineIdentities } from '../../shared/engine/engine-identity.ts'
import { toError } from '../../shared/process/errors.ts'
import type { Hands } from '../../shared/hands/hands.ts'
import { createJobMarks } from '../../shared/redis/job-marks.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import { createPageQueue } from '../../shared/redis/queue.ts'
import { createPdfPasswords } from '../../shared/redis/pdf-passwords.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import { createMemoryGauge, memoryMarks } from '../../shared/redis/connection/redis-memory.ts'
import { createResultReader } from '../../shared/redis/result-stream.ts'
import type { Spool } from '../../shared/files/spool.ts'
import { createBackgroundPublisher } from '../outputs/publish/background-publisher.ts'
import { startRun } from './runs/active-run.ts'
import { createActiveRuns } from './runs/active-runs.ts'
import { createCommands } from './commands/commands.ts'
import { createNotices } from './webhooks/notices.ts'
import { createCollector } from './results/collector.ts'
import { createDocumentCommands } from './commands/document-commands.ts'
import type { createLease } from './lease/lease.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createPace } from './results/pace.ts'
import { pdfPasswordsOf } from '../outputs/publish/pdf-password.ts'
import { createDecoder } from '../outputs/decoder/decoder.ts'
import { createPlanner } from './planning/planner.ts'
import { createPublisher } from '../outputs/publish/publisher.ts'
import { createReconciler } from './upkeep/reconciler.ts'
import { createRecipeWatch, createRounds } from './runs/recipe-watch.ts'
import { createRunGuard } from './runs/run-guard.ts'
import { createRecorder } from './results/recorder.ts'
import { createRunEnds } from './runs/run-ends.ts'
import { serve } from './serve.ts'
import { createSweeper } from './upkeep/sweeper.ts'
import { createUploadWatch } from './runs/upload-watch.ts'

interface Deps {
  config: AggregatorConfig
  ledger: Ledger
  spool: Spool
  /** Three connections: two of them block while they read. */
  redis: { main: Redis; results: Redis; commands: Redis }
  /** Held during the lifetime of this aggregator. */
  lease: ReturnType<typeof createLease>
  /** Records the work in progress. */
  hands: Hands
  log: Logger
  /** Receives the messages that repeat while Redis or the disk is unavailable. */
  outages: Lines
}

/** The only writer of the ledger and of the output files. */
export function createAggregator(deps: Deps) {
  const { config, ledger, spool, lease, hands, log, outages } = deps
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const redis = deps.redis.main
  const about = { ledger, redis, keys, lease, log, outages }
  const identities = createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX)
  const pages = createPageQueue(redis, keys)
  const runs = createActiveRuns({
    ledger,
    queue: pages,
    start(run, onEnd) {
      guard.forgetStartFailure()
      return startRun({ ...runParts, onTrip: (trip) => guard.trip(run.id, trip), onEnd }, run)
    },
  })
  const { active } = runs
  const recipes = createRecipeWatch({
    ...about,
    identities,
    active,
    // Adding a job twice does no harm, so checking the lease before it is enough.
    queue: { ...pages, add: (jobs) => lease.held().then(() => pages.add(jobs)) },
    replace: runs.replace,
  })
  const queue = recipes.gated
  const notices = createNotices({ config, ledger, hands, log })
  const { announcer, deliverer } = notices
  const ends = createRunEnds({ ledger, lease, keys, announcer, hands, log: outages })
  const guard = createRunGuard({ ...about, queue, active })
  const pdfPasswordOf = pdfPasswordsOf(createPdfPasswords(redis, keys, config))
  const decoder = createDecoder({
    maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
    maxBytes: decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY),
  })
  const options = { pdfPasswordOf, hands, decoder }
  const publisher = createPublisher(ledger, announcer.documentFinal, log, options)
  const background = createBackgroundPublisher({
    ledger,
    publisher,
    onFinal: (ids) => onFinal(ids),
    log: outages,
  })
  const plan = createPlanner({
    ...about,
    queue,
    publisher,
    hands,
    window: config.SCRIPTORIUM_WINDOW,
    memory: createMemoryGauge(redis, memoryMarks.planner),
    log: outages,
  })
  const runParts = { ...about, publisher, ends, pdfPasswordOf, plan, hands }
  const uploads = createUploadWatch({ ...about, announcer })
  const pace = createPace()

  const onNotEnded = (thrown: unknown): void =>
    outages.warn({ err: toError(thrown) }, 'ending an upload failed, the next pass retries')
  const onFinal = (ids: readonly string[]): void => {
    const others = runs.ended(ids)
    if (others.length > 0) uploads.ended(others).catch(onNotEnded)
    runs.endIfDone()
  }
  const collector = createCollector({
    ledger,
    reader: createResultReader(deps.redis.results, keys, 'aggregator', lease),
    queue,
    publisher: { publish: (ids) => publisher.publish(background.take(ids)) },
    record: createRecorder(ledger, announcer.documentFinal),
    onAccepted(accepted) {
      sweeper.recorded(accepted)
      uploads.accepted(accepted.map(({ request }) => request.runId)).catch(onNotEnded)
    },
    onPages(read) {
      pace.add(read.length)
      uploads.pagesRead(runs.pagesRead(read)).catch(onNotEnded)
    },
    onReadings: (readings) => guard.onReadings(readings),
    onFinal,
    hands,
    log: outages,
  })
  const { absorb } = collector
  const documents = createDocumentCommands({ ...about, queue, spool, absorb })
  const sweeper = createSweeper({
    ...about,
    spool,
    commands: documents,
    absorb,
    hands,
    retentionMs: durationMs(config.SCRIPTORIUM_RETENTION),
  })
  const taker = createCommands({
    ...about,
    redis: deps.redis,
    identities,
    runs,
    ends,
    documents,
    publisher,
    background,
    announcer,
    deliverer,
    hands,
  })
  const reconcileOpen = createReconciler({
    ...about,
    queue,
    absorb,
    marks: createJobMarks(redis, keys),
  })
  const reconcile = () => reconcileOpen([...active.values()].map(({ run }) => run))
  const lookAtRecipes = createRounds({ watch: recipes, lease, reconcile, log: outages })
  const parts = {
    ...about,
    collector,
    sweeper,
    taker,
    lookAtRecipes,
    runs,
    ends,
    guard,
    reconcile,
    deliverer,
    background,
    pace,
    hands,
    commands: deps.redis.commands,
    folder: config.SCRIPTORIUM_DATA,
    beatFile: config.SCRIPTORIUM_BEAT_FILE,
    reconcileMs: config.SCRIPTORIUM_RECONCILE_MS,
    recoverUploads: () => uploads.recover().catch(onNotEnded),
  }

  return {
    /**
     * Acquires the lease, resumes the runs that a restart interrupted, and serves until `stopping`. Rejects when
     * another aggregator takes the lease.
     */
    run: (stopping: AbortSignal): Promise<void> =>
      Promise.race([serve(parts, stopping), lease.lost]),
    async close(): Promise<void> {
      await notices.close()
      await background.close()
      await runs.stop()
      await decoder.close()
      await queue.close()
    },
  }
}
