import type { Keys } from './keys.ts'
import { documentJobId } from './queue.ts'
import type { Redis } from './connection/redis.ts'
import { createScript } from './connection/redis-script.ts'

/**
 * A mark holds the id of its report's entry. Entries leave the stream once the ledger has committed them, so a mark
 * without its entry stands for a report that the ledger has recorded, or has lost. Marks of older workers hold `1`: any
 * entry may be theirs.
 */
const dropStale = createScript(`
  local reporting = {}
  for index = 2, #KEYS do
    local id = redis.call('GET', KEYS[index])
    if id then
      local entries
      if string.find(id, '-', 1, true) then entries = #redis.call('XRANGE', KEYS[1], id, id)
      else entries = redis.call('XLEN', KEYS[1]) end
      if entries > 0 then reporting[#reporting + 1] = index - 2
      else redis.call('DEL', KEYS[index]) end
    end
  end
  return reporting
`)

/** Redis's record of ended jobs: for an hour, workers return these jobs at once. */
export function createJobMarks(redis: Redis, keys: Keys) {
  return {
    /**
     * Deletes the marks of reported or cancelled jobs whose report is not on the stream. Only for jobs that the ledger
     * has planned: the ledger was restored, or Redis is older than it. Returns the jobs whose report is still on the
     * stream.
     */
    async dropStale(jobIds: readonly string[]): Promise<Set<string>> {
      if (jobIds.length === 0) return new Set()
      const names = [keys.results, ...jobIds.map((id) => keys.done(id))]
      const answer = await dropStale(redis, names, [])
      await redis.del([...new Set(jobIds.map((id) => keys.cancelled(documentJobId(id))))])
      const indexes = new Set(Array.isArray(answer) ? answer.map(Number) : [])
      return new Set(jobIds.filter((_, index) => indexes.has(index)))
    },
  }
}

export type JobMarks = ReturnType<typeof createJobMarks>
