import type { Progress, RunEvent } from '../../../shared/contract/messages/progress.ts'
import { ttl, type Keys } from '../../../shared/redis/keys.ts'
import type { Lease } from '../../../shared/redis/lease.ts'
import type { RedisCommand } from '../../../shared/redis/connection/redis-script.ts'
import { isRefusal } from '../../../shared/redis/connection/redis-trouble.ts'

interface Deps {
  lease: Lease
  keys: Keys
  /** The counts to publish. */
  progress: Progress
  /** Called before each snapshot: sets the figures that depend on the time. */
  refresh: () => void
}

/** Watchers that lag further behind than this many events miss some; `seq` shows them the gap. */
const keptEvents = 20_000
const publishEveryMs = 200

/** Publishes a run's progress to all watchers: a snapshot a few times a second, and its events. */
export function createProgressPublisher({ lease, keys, progress, refresh }: Deps) {
  let events: RunEvent[] = []
  let seq = 0

  const publish = async (expireSeconds: number = ttl.activeRun): Promise<void> => {
    refresh()
    const batch = events
    events = []
    const [stream, snapshot] = [keys.events(progress.runId), keys.progress(progress.runId)]
    const commands = batch.map((event): RedisCommand => {
      return ['XADD', stream, 'MAXLEN', '~', keptEvents, '*', 'e', JSON.stringify(event)]
    })
    if (batch.length > 0) commands.push(['EXPIRE', stream, ttl.finishedRun])
    // Atomically with the events: a client that sees a run finished finds all of them. The snapshot expires when no
    // process maintains the run.
    const say: RedisCommand = ['SET', snapshot, JSON.stringify(progress), 'EX', expireSeconds]
    try {
      await lease.write([...commands, say])
    } catch (thrown) {
      events = [...batch, ...events].slice(-keptEvents) // Published with the next snapshot that Redis accepts.
      // Otherwise watchers would consider the run abandoned.
      if (isRefusal(thrown) && progress.state === 'active') await lease.writeSmall([say])
      throw thrown
    }
  }
  let publishing: Promise<void> | undefined
  const timer = setInterval(() => {
    publishing ??= publish()
      .catch(() => undefined)
      .finally(() => (publishing = undefined))
  }, publishEveryMs)

  return {
    /** Publishes an event with the next snapshot. */
    add(event: Omit<RunEvent, 'seq'>): void {
      seq += 1
      events.push({ seq, ...event })
    },
    async flush(): Promise<void> {
      await publishing
      await publish()
    },
    async close(state: Progress['state'], error: Progress['error']): Promise<void> {
      clearInterval(timer)
      await publishing
      progress.state = state
      progress.error = error
      await publish(ttl.finishedRun)
    },
    stop: (): void => clearInterval(timer),
  }
}
