import { documentJobId } from '../../../shared/redis/queue.ts'
import type { Reporter } from '../../../shared/redis/result-stream.ts'
import { createTicker } from './ticker.ts'

const checkMs = 250

/** The pages on a worker's desk: the heartbeat names them, and they are aborted when their document is cancelled. */
export function createDeskList({ cancelled }: Pick<Reporter, 'cancelled'>) {
  const entries = new Set<{ documentJobId: string; label: string; cancelling: AbortController }>()

  const check = async (): Promise<void> => {
    const ids = new Set([...entries].map((entry) => entry.documentJobId))
    const unwanted = new Set(await cancelled([...ids]))
    for (const entry of entries) if (unwanted.has(entry.documentJobId)) entry.cancelling.abort()
  }
  const ticker = createTicker({ everyMs: checkMs, check, isNeeded: () => entries.size > 0 })

  return {
    add(jobId: string, label: string): { cancelling: AbortSignal; remove: () => void } {
      const cancelling = new AbortController()
      const entry = { documentJobId: documentJobId(jobId), label, cancelling }
      entries.add(entry)
      ticker.wake()
      return { cancelling: cancelling.signal, remove: () => void entries.delete(entry) }
    },
    /** The page that arrived first, `path#page`. */
    first: (): string | null => [...entries][0]?.label ?? null,
    close: () => ticker.stop(),
  }
}
