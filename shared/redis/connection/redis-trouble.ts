import { setTimeout as delay } from 'node:timers/promises'
import { causeOf } from '../../process/causes.ts'
import { toError } from '../../process/errors.ts'
import { delayAfter } from '../../process/waiting/retry.ts'

/**
 * True where Redis caused the error, and not the command: it is full, unreachable or failing over, so a retry may
 * succeed.
 */
export function isRedisTrouble(thrown: unknown): boolean {
  const code = causeOf(thrown)?.code
  return code === 'redis_full' || code === 'redis_unreachable'
}

/** True where Redis answered with an error. */
export const isRefusal = (thrown: unknown): boolean =>
  toError(thrown).name === 'ReplyError' && isRedisTrouble(thrown)

const delays = { firstMs: 250, maxMs: 5_000 }

interface Patience {
  /** Ends the retries: the last error is thrown. */
  signal?: AbortSignal
  onTrouble?: (error: Error) => void
  /** The errors to retry; by default those of Redis. */
  isTrouble?: (thrown: unknown) => boolean
}

/**
 * Retries `work`, which must be idempotent, until Redis (or the disk, see `isTrouble`) accepts it. Throws other errors
 * at once.
 */
export async function untilTaken<T>(
  work: () => Promise<T>,
  { signal, onTrouble, isTrouble = isRedisTrouble }: Patience = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (thrown) {
      if (!isTrouble(thrown) || signal?.aborted === true) throw thrown
      onTrouble?.(toError(thrown))
      // An abort allows one more attempt.
      await delay(delayAfter(attempt, delays), undefined, { signal }).catch(() => undefined)
    }
  }
}
