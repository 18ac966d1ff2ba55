import { countRun } from '../../../services/aggregator/runs/active-run.ts'
import { createPlanner } from '../../../services/aggregator/planning/planner.ts'
import { createPublisher } from '../../../services/outputs/publish/publisher.ts'
import { createRunProgress } from '../../../services/aggregator/progress/run-progress.ts'
import type { Ledger } from '../../../services/ledger/ledger.ts'
import type { FolderRun } from '../../../services/ledger/runs.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import type { PageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createMemoryGauge, memoryMarks } from '../../../shared/redis/connection/redis-memory.ts'
import type { Ending } from '../folder.ts'
import { freeLease } from '../processes/lease.ts'
import { silent } from '../processes/private-redis.ts'
import { makeRun } from './records.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  queue: PageQueue
  hands?: Hands
}

/** Plans one run over real things. */
export function planRun(
  ending: Ending,
  { ledger, redis, keys, queue, hands }: Deps,
  given: Partial<FolderRequest>,
  { window = 20_000, fingerprint = 'fp' } = {},
) {
  const run: FolderRun = makeRun(given, fingerprint)
  if (!run.request.dryRun && ledger.runs.get(run.id) === undefined) {
    ledger.runs.add(run.request, fingerprint)
  }
  const progress = createRunProgress(freeLease(redis), keys, run, countRun(ledger, run))
  ending.after(() => progress.stop())
  const plan = createPlanner({
    ledger,
    queue,
    publisher: createPublisher(ledger, () => undefined, silent),
    window,
    memory: createMemoryGauge(redis, memoryMarks.planner),
    ...(hands !== undefined && { hands }),
    log: silent,
  })
  const stopping = new AbortController()
  return { run, progress, stopping, planned: plan(run, progress, stopping.signal) }
}
