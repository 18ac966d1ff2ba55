import type { AggregatorConfig } from '../../shared/process/config.ts'
import { createEngineIdentities } from '../../shared/engine/engine-identity.ts'
import type { Hands } from '../../shared/hands/hands.ts'
import { createKeys } from '../../shared/redis/keys.ts'
import type { Logger } from '../../shared/process/logger.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import { untraced, type Tracer } from '../../shared/tracing/tracer.ts'
import { createMeasures } from '../../shared/redis/measures.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'
import { createResultReader } from '../../shared/redis/result-stream.ts'
import type { Spool } from '../../shared/files/spool.ts'
import { createFolderRuns } from './runs/folder-runs.ts'
import { createCommands } from './commands/commands.ts'
import { createNotices } from './webhooks/notices.ts'
import type { createLease } from './lease/lease.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createPublishing } from './results/publishing.ts'
import { createResultFlow } from './result-flow.ts'
import { serve } from './serve.ts'
import { createUpkeep } from './upkeep/upkeep.ts'
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
  tracer?: Tracer
  log: Logger
  /** Receives the messages that repeat while Redis or the disk is unavailable. */
  outages: Lines
}

/** The only writer of the ledger and of the output files. */
export function createAggregator(deps: Deps) {
  const { config, ledger, spool, lease, hands, tracer = untraced, log, outages } = deps
  const keys = createKeys(config.SCRIPTORIUM_PREFIX)
  const redis = deps.redis.main
  const measures = createMeasures()
  const about = { ledger, redis, keys, lease, measures, tracer, log, outages }
  const identities = createEngineIdentities(config.SCRIPTORIUM_ENGINE, config.TESSDATA_PREFIX, {
    second: config.SCRIPTORIUM_SECOND_ENGINE,
    neuralModels: config.SCRIPTORIUM_NEURAL_MODELS,
  })
  const notices = createNotices({ config, ledger, hands, tracer, log })
  const { announcer, deliverer } = notices
  const publishing = createPublishing({
    ...about,
    config,
    hands,
    announce: announcer.documentFinal,
    onFinal: (ids) => results.onFinal(ids),
  })
  const { background } = publishing
  const folderRuns = createFolderRuns({
    ...about,
    ...publishing,
    config,
    identities,
    announcer,
    hands,
  })
  const { runs, recipes, guard, ends, queue } = folderRuns
  const uploads = createUploadWatch({ ...about, announcer })
  const results = createResultFlow({
    ...about,
    ...publishing,
    reader: createResultReader(deps.redis.results, keys, 'aggregator', lease),
    queue,
    runs,
    uploads,
    guard,
    announce: announcer.documentFinal,
    onAccepted: (accepted) => sweeper.recorded(accepted),
    hands,
  })
  const { absorb } = results.collector
  const upkeep = createUpkeep({
    ...about,
    config,
    queue,
    spool,
    absorb,
    active: runs.active,
    recipes,
    hands,
  })
  const { documents, sweeper } = upkeep
  const taker = createCommands({
    ...about,
    ...publishing,
    ...notices,
    redis: deps.redis,
    identities,
    runs,
    ends,
    documents,
    hands,
  })
  const parts = {
    ...about,
    ...upkeep,
    ...results,
    taker,
    runs,
    ends,
    guard,
    deliverer,
    background,
    hands,
    commands: deps.redis.commands,
    config,
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
      await folderRuns.close()
      await publishing.close()
    },
  }
}
