import {
  fields,
  histograms,
  type CounterKey,
  type CounterLabel,
  type HistogramKey,
  type HistogramLabel,
} from '../contract/measures.ts'
import { createScript } from './connection/redis-script.ts'
import type { Redis } from './connection/redis.ts'
import { ttl, type Keys } from './keys.ts'

/** A full Redis accepts it, too: the fields are few, and exist after the first time. */
const addAll = createScript(`#!lua flags=allow-oom
  for index = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[index], ARGV[index + 1]) end
  redis.call('EXPIRE', KEYS[1], ARGV[1])
`)

/**
 * Counts in this process. `flush` adds the changes to sums in Redis that all processes share, so that a process which
 * dies takes away nothing: of a killed one, the seconds since its last flush are missing.
 */
export function createMeasures() {
  let changes = new Map<string, number>()
  const add = (field: string, by: number): void => {
    changes.set(field, (changes.get(field) ?? 0) + by)
  }
  return {
    observe<K extends HistogramKey>(key: K, label: HistogramLabel<K>, seconds: number): void {
      const bounds: readonly number[] = histograms[key].buckets
      const found = bounds.findIndex((bound) => seconds <= bound)
      add(fields.bucket(key, label, found < 0 ? bounds.length : found), 1)
      add(fields.sum(key, label), Math.max(0, Math.round(seconds * 1e6)))
    },
    count<K extends CounterKey>(key: K, label: CounterLabel<K>): void {
      add(fields.counter(key, label), 1)
    },
    /** Rejects where Redis does; the changes are then part of the next flush. */
    async flush(redis: Redis, keys: Keys): Promise<void> {
      if (changes.size === 0) return
      const taken = changes
      changes = new Map()
      try {
        await addAll(redis, [keys.measures], [ttl.measures, ...[...taken].flat()])
      } catch (thrown) {
        for (const [field, by] of taken) add(field, by)
        throw thrown
      }
    },
  }
}

export type Measures = ReturnType<typeof createMeasures>

/** For tests and tools: nothing is measured. */
export const unmeasured: Pick<Measures, 'observe' | 'count'> = {
  observe: () => undefined,
  count: () => undefined,
}

/** The sums of all processes, by field. */
export async function readMeasures(redis: Redis, keys: Keys): Promise<ReadonlyMap<string, number>> {
  const found = await redis.hgetall(keys.measures)
  return new Map(Object.entries(found).map(([field, text]) => [field, Number(text)]))
}
