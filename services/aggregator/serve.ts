import type { AggregatorConfig } from '../../shared/process/config.ts'
import { toError } from '../../shared/process/errors.ts'
import type { Hands } from '../../shared/hands/hands.ts'
import { heartbeatMs } from '../../shared/redis/heartbeats.ts'
import type { Keys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import type { Measures } from '../../shared/redis/measures.ts'
import { untilTaken } from '../../shared/redis/connection/redis-trouble.ts'
import type { BackgroundPublisher } from '../outputs/publish/background-publisher.ts'
import type { Collector } from './results/collector.ts'
import type { ActiveRuns } from './runs/active-runs.ts'
import { startAggregatorHeartbeat } from './heartbeat.ts'
import { indexMissing } from './upkeep/index-missing.ts'
import type { createLease } from './lease/lease.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { createPace } from './results/pace.ts'
import type { createRounds } from './runs/recipe-watch.ts'
import type { RunEnds } from './runs/run-ends.ts'
import type { RunGuard } from './runs/run-guard.ts'
import type { createSweeper } from './upkeep/sweeper.ts'
import type { createCommandTaker } from './commands/take-commands.ts'
import type { Deliverer } from './webhooks/deliverer.ts'

interface Deps {
  ledger: Ledger
  keys: Keys
  lease: ReturnType<typeof createLease>
  /** The connection that waits for commands. */
  commands: Redis
  config: Pick<
    AggregatorConfig,
    'SCRIPTORIUM_DATA' | 'SCRIPTORIUM_BEAT_FILE' | 'SCRIPTORIUM_RECONCILE_MS' | 'SCRIPTORIUM_WINDOW'
  >
  redis: Redis
  measures: Measures
  collector: Collector
  sweeper: ReturnType<typeof createSweeper>
  /** Ends uploads whose documents have ended. Never rejects. */
  recoverUploads: () => Promise<void>
  taker: ReturnType<typeof createCommandTaker>
  lookAtRecipes: ReturnType<typeof createRounds>
  runs: Pick<ActiveRuns, 'active' | 'takeUp' | 'endIfDone'>
  ends: RunEnds
  guard: RunGuard
  reconcile: () => Promise<void>
  deliverer: Deliverer
  background: BackgroundPublisher
  pace: ReturnType<typeof createPace>
  hands: Hands
  log: Logger
  outages: Lines
}

/** Acquires the lease, resumes interrupted work in the order of its dependencies, and serves until `stopping`. */
export async function serve(deps: Deps, stopping: AbortSignal): Promise<void> {
  const { config, ledger, keys, lease, collector, sweeper, taker, lookAtRecipes, log } = deps
  const onTrouble = (err: Error): void =>
    deps.outages.warn({ err }, 'Redis rejects writes, start-up waits')
  const patiently = (work: () => Promise<void>): Promise<void> =>
    untilTaken(work, { signal: stopping, onTrouble }).catch((thrown: unknown) => {
      if (!stopping.aborted) throw thrown
    })
  await patiently(() => lease.take(stopping))
  if (stopping.aborted) return
  log.info({ folder: config.SCRIPTORIUM_DATA }, 'ready')
  const stopHeartbeat = startAggregatorHeartbeat({
    lease,
    keys,
    describe: () => ({
      isLedgerWritable: ledger.isWritable(),
      pagesPerMinute: deps.pace.perMinute(),
      openDocuments: countOpen(deps.runs),
      window: config.SCRIPTORIUM_WINDOW,
    }),
    flushMeasures: () => deps.measures.flush(deps.redis, keys),
    beatFile: config.SCRIPTORIUM_BEAT_FILE,
  })
  await patiently(() => collector.recover())
  await patiently(() => sweeper.takeUp())
  await deps.recoverUploads()
  // Commands first: a new run for the same folder replaces the interrupted one.
  await taker.takeWaiting(stopping)
  const serving = taker.run(stopping)
  void indexMissing({ ledger, hands: deps.hands, log }, stopping)
  await lookAtRecipes(true)
  for (const { id } of ledger.runs.active()) deps.runs.takeUp(id)
  await deps.ends.tellRest()
  const delivering = deps.deliverer.run(stopping)
  const stopRounds = startRounds(deps)
  const endWaiting = (): void => {
    stopRounds()
    deps.commands.disconnect() // Ends the blocking read.
  }
  stopping.addEventListener('abort', endWaiting)
  stopping.addEventListener('abort', () => void deps.background.close())
  if (stopping.aborted) endWaiting() // The stop was requested during recovery.
  await collector.run(stopping)
  await serving
  await delivering
  await stopHeartbeat()
}

const countOpen = ({ active }: Pick<ActiveRuns, 'active'>): number =>
  [...active.values()].reduce((sum, { progress }) => sum + progress.outstanding(), 0)

/** Starts all periodic work. Returns the function that ends it. */
function startRounds(deps: Deps): () => void {
  const { ledger, sweeper, guard, ends, runs, outages } = deps
  const reconcileMs = deps.config.SCRIPTORIUM_RECONCILE_MS
  const onNotTidied = (thrown: unknown): void =>
    outages.warn({ err: toError(thrown) }, 'reconciling failed, retrying')
  const tidy = async (): Promise<void> => {
    // Each by itself: a full Redis rejects jobs, but the ledger still works. Uploads that a sweep takes up are
    // reconciled at once.
    await sweeper.sweep().catch(onNotTidied)
    await guard.checkWorkers().catch(onNotTidied)
    await deps.reconcile().catch(onNotTidied)
    await deps.recoverUploads()
    await ends.tellRest()
    ledger.transaction(() => ledger.tallies.fold())
  }
  let tidying: Promise<void> | undefined
  const watching = setInterval(() => void deps.lookAtRecipes(), Math.min(heartbeatMs, reconcileMs))
  const timer = setInterval(() => {
    tidying ??= tidy()
      .catch(onNotTidied)
      .finally(() => (tidying = undefined))
    runs.endIfDone()
  }, reconcileMs)
  return () => {
    clearInterval(timer)
    clearInterval(watching)
  }
}
