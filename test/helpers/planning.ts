import { createPlanner } from '../../services/aggregator/planner.ts'
import { createPublisher } from '../../services/aggregator/publisher.ts'
import { createRunProgress } from '../../services/aggregator/run-progress.ts'
import type { Ledger } from '../../services/aggregator/ledger/ledger.ts'
import type { Run } from '../../services/aggregator/ledger/runs.ts'
import type { Keys } from '../../shared/keys.ts'
import type { RunRequest } from '../../shared/messages.ts'
import type { PageQueue } from '../../shared/queue.ts'
import type { Redis } from '../../shared/redis.ts'
import type { Ending } from './folder.ts'
import { silent } from './private-redis.ts'
import { makeRun } from './records.ts'

interface Deps {
  ledger: Ledger
  redis: Redis
  keys: Keys
  queue: PageQueue
}

/** Plans one run over real things. */
export function planRun(
  ending: Ending,
  { ledger, redis, keys, queue }: Deps,
  given: Partial<RunRequest>,
  { window = 20_000, fingerprint = 'fp' } = {},
) {
  const run: Run = makeRun(given, fingerprint)
  if (!run.request.dryRun && ledger.runs.get(run.id) === undefined) {
    ledger.runs.add(run.request, fingerprint)
  }
  const progress = createRunProgress(redis, keys, run, {
    final: new Map(),
    pagesRead: 0,
    unavailable: 0,
  })
  ending.after(() => progress.stop())
  const plan = createPlanner({
    ledger,
    queue,
    publisher: createPublisher(ledger, () => undefined, silent),
    window,
  })
  const stopping = new AbortController()
  return { run, progress, stopping, planned: plan(run, progress, stopping.signal) }
}
