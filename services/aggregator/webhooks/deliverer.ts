import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Webhooks } from '../../ledger/webhooks/webhooks.ts'
import { createAttempts } from './attempts.ts'
import { defaultBackOff, type BackOff } from './back-off.ts'
import { createBudget } from './budget.ts'
import { createPost } from './post.ts'
import { createReceivers } from './receivers.ts'
import { createRound, hostOf } from './round.ts'

interface Deps {
  webhooks: Webhooks
  outbound: Pick<Outbound, 'request'>
  log: Logger
  /** Milliseconds since 1970. */
  now?: () => number
  backOff?: BackOff
  /** Timeout of a receiver's answer. */
  timeoutMs?: number
  /** Time that running deliveries get at a stop; after that they stay due. */
  drainMs?: number
  /** Records the deliveries in progress. */
  hands?: Pick<Hands, 'remember' | 'isSuspect' | 'poisonOf'>
  /** Attempts per second, in all. */
  perSecond?: number
}

const atOnce = 8
/** A slow receiver delays its own deliveries, not those of others. */
const atOncePerReceiver = 2
const defaultPerSecond = 100
/** Webhooks that are checked in one turn of the event loop. */
const stepsAtATime = 100
/** Pause between two turns: other tasks run, and answers that arrived meanwhile are recorded in one transaction. */
const restMs = 10
/** The longest sleep: a timer does not run while the machine sleeps. */
const idleMs = 60_000
const failurePauseMs = 1_000
const keptMs = 30 * 86_400_000
const pruneMs = 3_600_000
const prunedAtATime = 500

/**
 * Sends the deliveries of the outbox. All durable state is in the ledger, so it continues after a restart. A delivery
 * that was sent but not yet recorded when the process dies is sent again, so each arrives at least once; its id
 * identifies repeats.
 */
export function createDeliverer(deps: Deps) {
  const { webhooks, log, now = Date.now, backOff = defaultBackOff } = deps
  const { timeoutMs = 10_000, drainMs = 2_000, perSecond = defaultPerSecond } = deps
  const { hands = freeHands } = deps
  const post = createPost({ outbound: deps.outbound, now, timeoutMs })
  const receivers = createReceivers({ backOff, atOnce: atOncePerReceiver })
  const about = { webhooks, receivers, post, hands, now, backOff, timeoutMs, log }
  const attempts = createAttempts({ ...about, onEnd: () => wake() })
  const round = createRound({ webhooks, receivers, isUnderWay: attempts.isUnderWay })
  const budget = createBudget(perSecond, now())
  const alarm = createAlarm()
  let prunedAt = Number.NEGATIVE_INFINITY

  const wake = (): void => {
    round.restart()
    alarm.ring()
  }

  const send = (nowMs: number): void => {
    if (round.isThrough()) round.restart()
    while (attempts.count() < atOnce && budget.waitMs(nowMs) === 0) {
      const due = round.next(nowMs, stepsAtATime)
      if (due === undefined) return
      budget.take(nowMs)
      attempts.begin(due)
    }
  }

  /** Returns whether there is more to delete. */
  const prune = (nowMs: number): boolean => {
    if (nowMs - prunedAt < pruneMs) return false
    const isMore = webhooks.prune(nowMs - keptMs, prunedAtATime) === prunedAtATime
    if (!isMore) prunedAt = nowMs
    return isMore
  }

  /** Returns the time until the next delivery is due, milliseconds. */
  const work = (): number => {
    try {
      const nowMs = now() // One time for the whole pass, so that it misses none.
      attempts.record()
      const isMore = prune(nowMs)
      send(nowMs)
      if (isMore) return 0
      if (attempts.count() >= atOnce) return idleMs // The end of an attempt rings.
      if (!round.isThrough()) return budget.waitMs(nowMs)
      return Math.min(idleMs, Math.max(0, round.soonestAt() - now()))
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'claiming deliveries failed, retrying')
      return failurePauseMs
    }
  }

  return {
    run: async (stopping: AbortSignal): Promise<void> => {
      stopping.addEventListener('abort', alarm.ring, { once: true })
      while (!stopping.aborted) {
        await delay(restMs) // A receiver that is rejected at once would leave no turn to others.
        if (!stopping.aborted) await alarm.sleep(work())
      }
      await attempts.drain(drainMs)
    },
    /** A delivery may have become due. */
    wake,
    /** A user requested a delivery again, so its receiver has been repaired. */
    redelivered: (webhookId: string): void => {
      const webhook = webhooks.get(webhookId)
      if (webhook !== undefined) receivers.forgive(hostOf(webhook))
      wake()
    },
  }
}

export type Deliverer = ReturnType<typeof createDeliverer>

/**
 * Sleeps until the time is up or it rings. Its user must not await anything between looking for work and going to
 * sleep.
 */
function createAlarm() {
  let wakeUp: (() => void) | undefined
  return {
    ring: (): void => wakeUp?.(),
    sleep: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}
