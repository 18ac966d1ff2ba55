import { documentJobId } from '../../../shared/redis/queue.ts'
import type { Reporter } from '../../../shared/redis/result-stream.ts'
import { createTicker } from './ticker.ts'

const checkMs = 250
/** Utilisation is that of about the last minute. */
const windowMs = 60_000

interface Entry {
  documentJobId: string
  label: string
  /** ISO 8601. */
  since: string
  cancelling: AbortController
}

/** The pages on a worker's desk: the heartbeat names them, and they are aborted when their document is cancelled. */
export function createDeskList(
  { cancelled }: Pick<Reporter, 'cancelled'>,
  now = () => performance.now(),
) {
  const entries = new Set<Entry>()

  const startedAt = now()
  let busyMs = 0
  let busyFrom = 0
  let seen: { at: number; busy: number }[] = []

  const check = async (): Promise<void> => {
    const ids = new Set([...entries].map((entry) => entry.documentJobId))
    const unwanted = new Set(await cancelled([...ids]))
    for (const entry of entries) if (unwanted.has(entry.documentJobId)) entry.cancelling.abort()
  }
  const ticker = createTicker({ everyMs: checkMs, check, isNeeded: () => entries.size > 0 })

  return {
    add(jobId: string, label: string): { cancelling: AbortSignal; remove: () => void } {
      const cancelling = new AbortController()
      const since = new Date().toISOString()
      const entry = { documentJobId: documentJobId(jobId), label, since, cancelling }
      if (entries.size === 0) busyFrom = now()
      entries.add(entry)
      ticker.wake()
      const remove = (): void => {
        if (entries.delete(entry) && entries.size === 0) busyMs += now() - busyFrom
      }
      return { cancelling: cancelling.signal, remove }
    },
    /** The page that arrived first, `path#page`. */
    first: (): { label: string; since: string } | null => [...entries][0] ?? null,
    /** Share of the time since an earlier call, at most a minute ago, in which a page was on the desk: 0 to 1. */
    utilisation(): number {
      const at = now()
      const busy = busyMs + (entries.size > 0 ? at - busyFrom : 0)
      const from = seen.find((look) => at - look.at <= windowMs) ??
        seen.at(-1) ?? { at: startedAt, busy: 0 }
      seen = [...seen.filter((look) => at - look.at <= windowMs), { at, busy }]
      return at === from.at ? 0 : Math.min(1, (busy - from.busy) / (at - from.at))
    },
    close: () => ticker.stop(),
  }
}
