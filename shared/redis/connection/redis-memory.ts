import type { Redis } from './redis.ts'

/**
 * From `high` on Redis counts as full until it is below `low`; both are shares of its `maxmemory`. Planners stop well
 * before workers: planners add jobs by the hundred, while the workers' results empty the queue.
 */
export const memoryMarks = {
  planner: { high: 0.7, low: 0.6 },
  worker: { high: 0.85, low: 0.75 },
} as const

interface Marks {
  high: number
  low: number
}

/** Tells whether Redis is nearly full, before it rejects writes. Never the case without `maxmemory`. */
export function createMemoryGauge(redis: Redis, { high, low }: Marks) {
  let isFull = false
  return {
    async isFull(): Promise<boolean> {
      const share = await usedShare(redis)
      isFull = share >= (isFull ? low : high)
      return isFull
    },
  }
}

export type MemoryGauge = ReturnType<typeof createMemoryGauge>

/**
 * Returns the used share of `maxmemory`, counted as Redis counts before it rejects writes: without the buffers of its
 * append-only file.
 */
async function usedShare(redis: Redis): Promise<number> {
  const info = await redis.info('memory')
  const value = (name: string): number =>
    Number(new RegExp(`^${name}:([0-9]+)`, 'm').exec(info)?.[1] ?? 0)
  const max = value('maxmemory')
  return max === 0 ? 0 : (value('used_memory') - value('mem_not_counted_for_evict')) / max
}
