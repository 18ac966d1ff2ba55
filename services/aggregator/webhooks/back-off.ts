/** Number and delays of a delivery's retries. */
export interface BackOff {
  firstMs: number
  longestMs: number
  /** Attempts in all. */
  attempts: number
}

/** Three times as long each time: ten attempts in about four hours. */
export const defaultBackOff: BackOff = { firstMs: 5_000, longestMs: 3_600_000, attempts: 10 }
const factor = 3
/** Up to a fifth longer, so that deliveries that failed together do not return together. */
const jitter = 0.2

/**
 * Time of the retry after the given number of attempts; undefined = give up. A receiver may request more time
 * (`Retry-After`), up to the longest delay.
 */
export function retryAt(
  { firstMs, longestMs, attempts }: BackOff,
  made: number,
  retryAfter: string | undefined,
  nowMs: number,
): number | undefined {
  if (made >= attempts) return undefined
  const waitMs = Math.min(longestMs, firstMs * factor ** (made - 1)) * (1 + Math.random() * jitter)
  const askedMs = Math.min(longestMs, parseRetryAfter(retryAfter, nowMs))
  return Math.round(nowMs + Math.max(waitMs, askedMs))
}

/** Converts seconds or a date (RFC 9110, 10.2.3) to milliseconds from now; 0 for anything else. */
function parseRetryAfter(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs)
}
