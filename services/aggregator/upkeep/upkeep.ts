import { durationMs, type AggregatorConfig } from '../../../shared/process/config.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import { createJobMarks } from '../../../shared/redis/job-marks.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Spool } from '../../../shared/files/spool.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createDocumentCommands } from '../commands/document-commands.ts'
import type { Collector } from '../results/collector.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import { createRounds, type createRecipeWatch } from '../runs/recipe-watch.ts'
import { createReconciler } from './reconciler.ts'
import { createSweeper } from './sweeper.ts'

interface Deps {
  config: AggregatorConfig
  ledger: Ledger
  redis: Redis
  keys: Keys
  lease: Lease
  queue: PageQueue
  spool: Spool
  absorb: Collector['absorb']
  active: ActiveRuns['active']
  recipes: ReturnType<typeof createRecipeWatch>
  hands: Hands
  log: Logger
  outages: Lines
}

/** Work that repeats: adding lost jobs again, sweeping the spool, checking recipes. */
export function createUpkeep(deps: Deps) {
  const { config, ledger, redis, keys, lease, queue, spool, absorb, active, hands, log } = deps
  const documents = createDocumentCommands({ ledger, redis, keys, queue, spool, absorb, log })
  const sweeper = createSweeper({
    ledger,
    spool,
    commands: documents,
    absorb,
    hands,
    retentionMs: durationMs(config.SCRIPTORIUM_RETENTION),
    log,
  })
  const reconcileOpen = createReconciler({
    ledger,
    queue,
    absorb,
    log,
    marks: createJobMarks(redis, keys),
  })
  const reconcile = () => reconcileOpen([...active.values()].map(({ run }) => run))
  const lookAtRecipes = createRounds({ watch: deps.recipes, lease, reconcile, log: deps.outages })
  return { documents, sweeper, reconcile, lookAtRecipes }
}
