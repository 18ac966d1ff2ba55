interface Stops {
  deadlineMs?: number
  /** The error at the deadline. */
  late?: () => Error
  signal?: AbortSignal | undefined
  /** The error after the signal; its reason by default. */
  cancelled?: () => Error
}

/**
 * Awaits `work` until its deadline or the signal, whichever comes first, and rejects with `late()` or `cancelled()`
 * then. The work itself continues: the caller ends it, or lets it settle unheard.
 */
export async function awaitUntil<T>(
  work: Promise<T>,
  { deadlineMs, late = () => new Error('too late'), signal, cancelled }: Stops,
): Promise<T> {
  work.catch(() => undefined) // It may reject after it was ended, without a waiter.
  const stopped = Promise.withResolvers<never>()
  const onAbort = (): void => stopped.reject(cancelled?.() ?? signal?.reason)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort)
  const timer =
    deadlineMs === undefined ? undefined : setTimeout(() => stopped.reject(late()), deadlineMs)
  try {
    return await Promise.race([work, stopped.promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
