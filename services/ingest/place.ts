import type { Keys } from '../../shared/keys.ts'
import type { Redis } from '../../shared/redis.ts'

/** Where a run takes place: on processes of our own, or on services that are there already. */
export interface Place {
  redis: Redis
  keys: Keys
  /** Why the place cannot go on, once it cannot. */
  failure: () => Error | undefined
  /** Called once the run has been asked for: the aggregator finds the request when it starts. */
  begin: () => Promise<void>
  /** Sees to it that there are workers, now that there is something to read. */
  needWorkers: () => void
  /** Lets the pages in hand be finished and begins no more of this run. */
  quieten: () => Promise<void>
  close: () => Promise<void>
}
