import { createCommandReader } from '../../../shared/redis/commands.ts'
import type { EngineIdentities } from '../../../shared/engine/engine-identity.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { workItems, stages } from '../../ledger/work-items.ts'
import type { BackgroundPublisher } from '../../outputs/publish/background-publisher.ts'
import type { Publisher } from '../../outputs/publish/publisher.ts'
import { rewriteOutputs } from '../../outputs/publish/rewrite-outputs.ts'
import type { Announcer } from '../events/announcer.ts'
import type { ActiveRuns } from '../runs/active-runs.ts'
import type { RunEnds } from '../runs/run-ends.ts'
import { createRunResumer } from '../runs/run-resumer.ts'
import { createRunStarter, refuseRun } from '../runs/run-starter.ts'
import type { Deliverer } from '../webhooks/deliverer.ts'
import { createCommandHandler } from './command-handler.ts'
import type { DocumentCommands } from './document-commands.ts'
import { createCommandTaker } from './take-commands.ts'

interface Deps {
  ledger: Ledger
  /** The second connection blocks while it waits for commands. */
  redis: { main: Redis; commands: Redis }
  keys: Keys
  lease: Lease
  identities: EngineIdentities
  runs: ActiveRuns
  ends: RunEnds
  documents: DocumentCommands
  publisher: Publisher
  background: Pick<BackgroundPublisher, 'cancel'>
  announcer: Pick<Announcer, 'tellRest'>
  deliverer: Pick<Deliverer, 'redelivered'>
  hands: Hands
  log: Logger
  outages: Lines
}

/** Takes commands from Redis and carries them out. */
export function createCommands(deps: Deps) {
  const { ledger, redis, keys, identities, runs, ends, hands, log } = deps
  const starter = createRunStarter({
    ...runs,
    ledger,
    redis: redis.main,
    keys,
    identities,
    isActive: (runId) => runs.takeUp(runId) !== undefined,
    tryAgain: () => [stages.file, stages.write].forEach(hands.pardonAll),
    ends,
    log,
  })
  const handle = createCommandHandler({
    ledger,
    runs,
    starter,
    resume: createRunResumer({ ...runs, ledger, identities, log }),
    documents: deps.documents,
    tellRest: () => deps.announcer.tellRest(),
    cancelWriting: (runId) => deps.background.cancel(runId),
    rewrite: (ids) => rewriteOutputs(ledger, deps.publisher, ids),
    redelivered(webhookId, deliveryId) {
      hands.pardon(workItems.deliver(deliveryId))
      deps.deliverer.redelivered(webhookId)
    },
  })
  return createCommandTaker({
    commands: createCommandReader(redis.commands, keys, deps.lease),
    handle,
    refuse: (runId, why) => refuseRun(redis.main, keys, runId, why),
    hands,
    log: deps.outages,
  })
}
