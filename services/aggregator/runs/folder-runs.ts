import { resolve } from 'node:path'
import { createBlobTokens } from '../../../shared/blobs/blob-tokens.ts'
import type { AggregatorConfig } from '../../../shared/process/config.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createMemoryGauge, memoryMarks } from '../../../shared/redis/connection/redis-memory.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { PdfPasswordOf } from '../../outputs/publish/pdf-password.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import type { Announcer } from '../events/announcer.ts'
import { createPlanner } from '../planning/planner.ts'
import { startRun } from './active-run.ts'
import { createActiveRuns } from './active-runs.ts'
import { createRecipeWatch } from './recipe-watch.ts'
import { createRunEnds } from './run-ends.ts'
import { createRunGuard } from './run-guard.ts'

interface Deps {
  config: Pick<AggregatorConfig, 'SCRIPTORIUM_DATA' | 'SCRIPTORIUM_WINDOW'>
  ledger: Ledger
  redis: Redis
  keys: Keys
  lease: Lease
  identities: EngineIdentities
  publisher: Publisher
  pdfPasswordOf: PdfPasswordOf
  announcer: Announcer
  /** Records the work in progress. */
  hands: Hands
  log: Logger
  /** Receives the messages that repeat while Redis or the disk is unavailable. */
  outages: Lines
}

/** Folder runs: plans them, pauses them where the service is broken, replans them for other engines, and ends them. */
export function createFolderRuns(deps: Deps) {
  const { config, ledger, redis, keys, lease, identities, announcer, hands, log, outages } = deps
  const { sign } = createBlobTokens(resolve(config.SCRIPTORIUM_DATA))
  const pages = createPageQueue(redis, keys, sign)
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
    ledger,
    redis,
    keys,
    log,
    identities,
    active,
    // Adding a job twice does no harm, so checking the lease before it is enough.
    queue: { ...pages, add: (jobs) => lease.held().then(() => pages.add(jobs)) },
    replace: runs.replace,
  })
  const queue = recipes.gated
  const guard = createRunGuard({ ...deps, queue, active })
  const ends = createRunEnds({ ledger, lease, keys, announcer, hands, log: outages })
  const plan = createPlanner({
    ...deps,
    queue,
    window: config.SCRIPTORIUM_WINDOW,
    memory: createMemoryGauge(redis, memoryMarks.planner),
    log: outages,
  })
  const runParts = { ...deps, ends, plan }
  return {
    runs,
    recipes,
    guard,
    ends,
    /** The queue that skips jobs which no worker can read. */
    queue,
    /** Stops the runs with the process; the next start resumes them. */
    async close(): Promise<void> {
      await runs.stop()
      await queue.close()
    },
  }
}
