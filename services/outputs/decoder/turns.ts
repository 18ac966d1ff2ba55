import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'

/** A lock with a first-come, first-served queue. */
export function createTurns() {
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  return {
    waiting: (): number => waiting,
    /** Resolves to the function that ends the turn. Rejects with the signal's reason, without a turn. */
    async take(signal?: AbortSignal): Promise<() => void> {
      const mine = Promise.withResolvers<void>()
      const before = last
      last = before.then(() => mine.promise)
      waiting += 1
      try {
        await awaitUntil(before, { signal })
        return mine.resolve
      } catch (thrown) {
        mine.resolve()
        throw thrown
      } finally {
        waiting -= 1
      }
    },
  }
}
