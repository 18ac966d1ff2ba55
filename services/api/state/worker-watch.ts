import { TryLater } from '../http/problem.ts'

interface Deps {
  /** Whether a worker is alive. */
  isAnyAlive: () => Promise<boolean>
  /** Uploads are accepted for this time after a worker was last seen, milliseconds; 0 = always. */
  absenceMs: number
  now?: () => number
}

/** A sighting counts for this long, milliseconds; heartbeats expire later. */
const freshMs = 5_000
const lookEveryMs = 60_000
const retryAfterSeconds = 30

/**
 * Watches whether there are live workers. A start counts as a sighting, because workers load their engines while the
 * first requests arrive, and so does an outage of Redis, during which no worker can be seen.
 */
export function createWorkerWatch({ isAnyAlive, absenceMs, now = () => performance.now() }: Deps) {
  let seenAt = now()
  let askedAt = Number.NEGATIVE_INFINITY

  const look = async (): Promise<void> => {
    if (now() - askedAt < freshMs) return
    if (await isAnyAlive().catch(() => true)) {
      seenAt = now()
      askedAt = seenAt
    }
  }
  // Uploads may be rare: the fleet is checked between them, too.
  const timer = absenceMs === 0 ? undefined : setInterval(() => void look(), lookEveryMs).unref()

  return {
    /** Throws `no_worker` where none was seen for too long. */
    async require(): Promise<void> {
      if (absenceMs === 0) return
      await look()
      if (now() - seenAt < absenceMs) return
      const minutes = Math.round((now() - seenAt) / 60_000)
      const message = `no worker was seen for ${minutes} minutes; start one, or set SCRIPTORIUM_WORKER_ABSENCE=off to accept uploads without workers`
      throw new TryLater('no_worker', message, retryAfterSeconds)
    },
    close: () => clearInterval(timer),
  }
}

export type WorkerWatch = ReturnType<typeof createWorkerWatch>
