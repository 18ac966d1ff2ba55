import { setTimeout as delay } from 'node:timers/promises'

/**
 * Runs work concurrently, and some of it alone. Every wait ends after `patienceMs`, so two pieces of work that wait for
 * each other in some other way do not deadlock.
 */
export function createGate(patienceMs: number) {
  const state: { working: number; alone?: Promise<void>; onQuiet?: () => void } = { working: 0 }

  const patiently = async (wait: Promise<void>): Promise<void> => {
    const waited = new AbortController()
    const timeUp = delay(patienceMs, undefined, { signal: waited.signal }).catch(ignore)
    await Promise.race([wait, timeUp])
    waited.abort()
  }

  return {
    /** Whether some work runs alone. */
    isClosed: (): boolean => state.alone !== undefined,
    /** Begins concurrent work at once. */
    enter(): void {
      state.working += 1
    },
    leave: (): void => {
      state.working -= 1
      if (state.working === 0) state.onQuiet?.()
    },
    /** Begins concurrent work once no work runs alone. */
    async beside(): Promise<void> {
      for (let before; state.alone !== undefined && state.alone !== before;)
        await patiently((before = state.alone))
      state.working += 1
    },
    /** Begins work alone, once no other work runs. Returns the function that ends it. */
    async alone(): Promise<() => void> {
      for (let before; state.alone !== undefined && state.alone !== before;)
        await patiently((before = state.alone))
      const { promise, resolve } = Promise.withResolvers<void>()
      state.alone = promise
      if (state.working > 0) await patiently(new Promise((quiet) => (state.onQuiet = quiet)))
      delete state.onQuiet
      return () => {
        if (state.alone === promise) delete state.alone
        resolve()
      }
    },
  }
}

export type Gate = ReturnType<typeof createGate>

const ignore = (): void => undefined
