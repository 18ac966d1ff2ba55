import { documentJobId } from '../../shared/queue.ts'
import type { Reporter } from '../../shared/results.ts'
import { createTicker } from './ticker.ts'

const checkMs = 250

/** What is on a worker's desk: named in its heartbeat, and given up when nobody wants it any more. */
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
    /** The page that came first, `path#page`. */
    first: (): string | null => [...entries][0]?.label ?? null,
    close: () => ticker.stop(),
  }
}
