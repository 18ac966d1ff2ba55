import pRetry, { AbortError } from 'p-retry'

interface Delays {
  firstMs: number
  maxMs: number
}

/** Beyond this the doubled delay exceeds any maximum. */
const maxDoublings = 30

/** Delay after this many failures in a row: `firstMs` after the first, and twice as long each time. */
export const delayAfter = (failures: number, { firstMs, maxMs }: Delays): number =>
  Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, maxDoublings))

interface Options {
  onFailure: (error: Error, attempt: number) => void
  /** Ends the retries, without a call of `onFailure`. */
  signal?: AbortSignal
  /** Whether the process may end between two attempts. */
  unref?: boolean
}

/** Retries idempotent `work` until it succeeds: until the disk accepts it, for example. */
export function retryForEver<T>(
  work: () => Promise<T> | T,
  { onFailure, signal, unref = false }: Options,
): Promise<T> {
  const attempt = async (): Promise<T> => {
    try {
      return await work()
    } catch (thrown) {
      throw signal?.aborted === true ? new AbortError('the process is stopping') : thrown
    }
  }
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 500,
    maxTimeout: 10_000,
    unref,
    ...(signal !== undefined && { signal }),
    onFailedAttempt: ({ error, attemptNumber }) => onFailure(error, attemptNumber),
  })
}
