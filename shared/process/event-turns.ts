import { setImmediate as turn } from 'node:timers/promises'

const maxMs = 10

/**
 * For work over many records on the main thread: `give` yields to the event loop once this turn has taken 10 ms, `take`
 * yields at once; both reject when `signal` is aborted. Their caller must hold no transaction, and must expect changed
 * state afterwards.
 */
export function createEventTurns(signal?: AbortSignal) {
  let beganAt = performance.now()
  const isDue = (): boolean => performance.now() - beganAt >= maxMs
  const take = async (): Promise<void> => {
    await turn(undefined, signal && { signal })
    beganAt = performance.now()
  }
  return {
    isDue,
    take,
    async give(): Promise<void> {
      if (isDue()) await take()
    },
  }
}
