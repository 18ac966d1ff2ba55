import { addressHolder } from './holder.ts'
import { TryLater } from './problem.ts'

interface Deps {
  /** Refusals of one address in a minute; 0 = any. */
  max: number
  nowMs?: () => number
}

const windowMs = 60_000
/** Addresses that are remembered; the ones that were refused longest ago are forgotten first. */
const maxAddresses = 10_000

/**
 * Counts requests without a valid token by address: an address with too many is blocked for the rest of a minute,
 * whatever it sends. Kept in memory, because counting must cost less than the requests that it stops.
 */
export function createRefusalLimit({ max, nowMs = () => performance.now() }: Deps) {
  const refused = new Map<string, { count: number; until: number }>()
  return {
    /** Throws `rate_limited`. */
    check(address: string): void {
      const seen = refused.get(addressHolder(address))
      if (max === 0 || seen === undefined || seen.count < max || seen.until <= nowMs()) return
      const message = 'too many requests without a valid token from this address'
      throw new TryLater('rate_limited', message, (seen.until - nowMs()) / 1_000)
    },
    add(address: string): void {
      const network = addressHolder(address)
      const before = refused.get(network)
      const isOver = before === undefined || before.until <= nowMs()
      const next = isOver
        ? { count: 1, until: nowMs() + windowMs }
        : { ...before, count: before.count + 1 }
      refused.delete(network) // The map's order is that of the last refusal.
      refused.set(network, next)
      const [oldest] = refused.keys()
      if (refused.size > maxAddresses && oldest !== undefined) refused.delete(oldest)
    },
  }
}
