/**
 * A clock that runs while the worker reads a page. The next page is prepared while one is read: the clock measures the
 * overlap, so that the worker's time is not counted twice.
 */
export function createReadClock() {
  let readMs = 0
  let began: number | undefined
  const elapsed = (): number => readMs + (began === undefined ? 0 : performance.now() - began)
  return {
    /** Runs the clock during `work`; it must not be running already. */
    async during<T>(work: () => Promise<T>): Promise<T> {
      began = performance.now()
      try {
        return await work()
      } finally {
        readMs = elapsed()
        began = undefined
      }
    },
    /** Returns a function that returns how long the clock has run since, in milliseconds. */
    measure(): () => number {
      const before = elapsed()
      return () => Math.round((elapsed() - before) * 100) / 100
    },
  }
}

export type ReadClock = ReturnType<typeof createReadClock>
