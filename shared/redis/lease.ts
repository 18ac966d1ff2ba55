import type { RedisCommand } from './connection/redis-script.ts'

/** The right to write to a prefix, which another process may take over. */
export interface Lease {
  /** Resolves while we hold the lease; asks Redis where that is uncertain. Rejects once it is lost. */
  held: () => Promise<void>
  /** Runs Redis commands atomically, provided that we hold the lease at that moment. Rejects once it is lost. */
  write: (commands: readonly RedisCommand[]) => Promise<void>
  /** The same, and a full Redis accepts it, too: for small data that shows that we are alive. */
  writeSmall: (commands: readonly RedisCommand[]) => Promise<void>
}
