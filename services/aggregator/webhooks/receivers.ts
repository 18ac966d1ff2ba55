import { retryAt, type BackOff } from './back-off.ts'

interface Deps {
  backOff: BackOff
  /** Maximum number of simultaneous deliveries to one receiver. */
  atOnce: number
}

/** A receiver is a host and its port, shared by all webhooks that name it. */
interface Receiver {
  underWay: number
  /** Failures in a row. */
  failures: number
  /** Milliseconds since 1970. */
  pausedUntil: number
}

/** This many failures in a row pause a receiver. */
const failuresToPause = 5

/**
 * Health of the receivers. One that keeps failing is paused as a whole, longer each time, and then tried with a single
 * delivery: its backlog costs one attempt per pause, however long it is. A restart resets this, and soon learns it
 * again.
 */
export function createReceivers({ backOff, atOnce }: Deps) {
  const known = new Map<string, Receiver>()
  const receiverAt = (host: string): Receiver =>
    known.get(host) ?? { underWay: 0, failures: 0, pausedUntil: 0 }
  const isPoor = ({ failures }: Receiver): boolean => failures >= failuresToPause
  const keep = (host: string, receiver: Receiver): void => {
    const { underWay, failures, pausedUntil } = receiver
    if (underWay === 0 && failures === 0 && pausedUntil === 0) known.delete(host)
    else known.set(host, receiver)
  }

  return {
    hasRoom: (host: string, nowMs: number): boolean => {
      const receiver = receiverAt(host)
      const room = isPoor(receiver) ? 1 : atOnce
      return receiver.pausedUntil <= nowMs && receiver.underWay < room
    },
    /** End of a receiver's pause; undefined where it is not paused. */
    pausedUntil(host: string, nowMs: number): number | undefined {
      const { pausedUntil } = receiverAt(host)
      return pausedUntil > nowMs ? pausedUntil : undefined
    },
    /** Whether it fails repeatedly. */
    isPoor: (host: string): boolean => isPoor(receiverAt(host)),
    begin(host: string): void {
      const receiver = receiverAt(host)
      keep(host, { ...receiver, underWay: receiver.underWay + 1 })
    },
    /** An attempt has ended; `retryAfter` is the header with which the receiver requested time. */
    end(host: string, hasFailed: boolean, retryAfter: string | undefined, nowMs: number): void {
      const before = receiverAt(host)
      const underWay = Math.max(0, before.underWay - 1)
      if (!hasFailed) return keep(host, { underWay, failures: 0, pausedUntil: 0 })
      // Attempts that were running when its pause began are no new evidence.
      const failures = before.failures + (before.pausedUntil > nowMs ? 0 : 1)
      const tries = failures - failuresToPause + 1
      const endless = { ...backOff, attempts: Number.POSITIVE_INFINITY }
      const isPaused = tries > 0 || retryAfter !== undefined
      const until = isPaused ? retryAt(endless, Math.max(1, tries), retryAfter, nowMs) : undefined
      keep(host, { underWay, failures, pausedUntil: Math.max(before.pausedUntil, until ?? 0) })
    },
    /** A user has repaired it: it is tried at once. */
    forgive(host: string): void {
      keep(host, { underWay: receiverAt(host).underWay, failures: 0, pausedUntil: 0 })
    },
  }
}

export type Receivers = ReturnType<typeof createReceivers>
