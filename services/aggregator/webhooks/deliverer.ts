import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../shared/process/errors.ts'
import { createGate } from '../../../shared/hands/gate.ts'
import { freeHands, type Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Webhooks } from '../../ledger/webhooks/webhooks.ts'
import type { DeliveryAttempt } from '../../ledger/webhooks/deliveries.ts'
import { workItems } from '../../ledger/work-items.ts'
import { defaultBackOff, retryAt, type BackOff } from './back-off.ts'
import { createBudget } from './budget.ts'
import { createPost, type ReceiverAnswer } from './post.ts'
import { createReceivers } from './receivers.ts'
import { createRound, hostOf, type Due } from './round.ts'

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
const gone = 410

/**
 * Sends the deliveries of the outbox. All durable state is in the ledger, so it continues after a restart. A delivery
 * that was sent but not yet recorded when the process dies is sent again, so each arrives at least once; its id
 * identifies repeats.
 */
export function createDeliverer(deps: Deps) {
  const { webhooks, outbound, log, now = Date.now, backOff = defaultBackOff } = deps
  const { timeoutMs = 10_000, drainMs = 2_000, perSecond = defaultPerSecond } = deps
  const { hands = freeHands } = deps
  const gate = createGate(timeoutMs)
  const post = createPost({ outbound, now, timeoutMs })
  const underWay = new Map<string, Promise<void>>()
  /** Finished attempts that are not recorded: until they are, their deliveries count as running. */
  const answered = new Map<string, DeliveryAttempt>()
  const receivers = createReceivers({ backOff, atOnce: atOncePerReceiver })
  const isUnderWay = (id: string): boolean => underWay.has(id) || answered.has(id)
  const round = createRound({ webhooks, receivers, isUnderWay })
  const budget = createBudget(perSecond, now())
  const abandoned = new AbortController()
  const alarm = createAlarm()
  let prunedAt = Number.NEGATIVE_INFINITY

  const wake = (): void => {
    round.restart()
    alarm.ring()
  }

  const attempt = async ({ delivery, webhook, host }: Due): Promise<void> => {
    const { id, webhookId } = delivery
    const at = now()
    const answer = await postOrRefuse(delivery, webhook)
    if (abandoned.signal.aborted) return receivers.end(host, false, undefined, now())
    const { status, error, retryAfter } = answer
    const attempts = delivery.attempts + 1
    const next = follow(answer, backOff, attempts, now())
    receivers.end(host, next.state !== 'delivered' && status !== gone, retryAfter, now())
    log.info({ webhookId, deliveryId: id, status, attempts }, sentences[next.state])
    answered.set(id, { at, status, error, next })
  }

  /** A delivery over which the process died is sent alone, and after three deaths not at all. */
  const postOrRefuse = async (
    delivery: Due['delivery'],
    webhook: Due['webhook'],
  ): Promise<ReceiverAnswer & { isPoison?: true }> => {
    const item = workItems.deliver(delivery.id)
    const poison = hands.poisonOf(item)
    if (poison !== undefined) return { status: null, error: `poison: ${poison}`, isPoison: true }
    let leave = gate.leave
    if (hands.isSuspect(item)) leave = await gate.alone()
    else await gate.beside()
    const survive = hands.remember(item)
    try {
      return await post(delivery, webhook, abandoned.signal)
    } finally {
      survive()
      leave()
    }
  }

  /** Throws where the ledger rejects writes; it is then recorded later, and nothing is sent twice. */
  const record = (): void => {
    if (answered.size === 0) return
    webhooks.recordAttempts(answered)
    answered.clear()
  }

  const send = (nowMs: number): void => {
    if (round.isThrough()) round.restart()
    while (underWay.size < atOnce && budget.waitMs(nowMs) === 0) {
      const due = round.next(nowMs, stepsAtATime)
      if (due === undefined) return
      budget.take(nowMs)
      const { id } = due.delivery
      receivers.begin(due.host)
      const done = attempt(due).finally(() => {
        underWay.delete(id)
        wake()
      })
      underWay.set(id, done)
    }
  }

  /** Returns whether there is more to delete. */
  const prune = (nowMs: number): boolean => {
    if (nowMs - prunedAt < pruneMs) return false
    const isMore = webhooks.prune(nowMs - keptMs, prunedAtATime) === prunedAtATime
    if (!isMore) prunedAt = nowMs
    return isMore
  }

  /** Returns how long there is nothing to do. */
  const work = (): number => {
    try {
      const nowMs = now() // One time for the whole pass, so that it misses none.
      record()
      const isMore = prune(nowMs)
      send(nowMs)
      if (isMore) return 0
      if (underWay.size >= atOnce) return idleMs // The end of an attempt rings.
      if (!round.isThrough()) return budget.waitMs(nowMs)
      return Math.min(idleMs, Math.max(0, round.soonestAt() - now()))
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'claiming deliveries failed, retrying')
      return failurePauseMs
    }
  }

  /** Running attempts finish, or are abandoned; answers that the ledger rejects now are requested again. */
  const drain = async (): Promise<void> => {
    const timer = setTimeout(() => abandoned.abort(), drainMs)
    await Promise.all(underWay.values())
    clearTimeout(timer)
    try {
      record()
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'recording delivery attempts failed, repeating them')
    }
  }

  return {
    run: async (stopping: AbortSignal): Promise<void> => {
      stopping.addEventListener('abort', alarm.ring, { once: true })
      while (!stopping.aborted) {
        await delay(restMs) // A receiver that is rejected at once would leave no turn to others.
        if (!stopping.aborted) await alarm.sleep(work())
      }
      await drain()
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

const sentences = {
  delivered: 'a webhook was told',
  due: 'a webhook was not told, trying again',
  failed: 'a webhook was not told, giving up',
}

function follow(
  { status, retryAfter, isPoison }: ReceiverAnswer & { isPoison?: true },
  backOff: BackOff,
  attempts: number,
  nowMs: number,
): DeliveryAttempt['next'] {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' }
  if (status === gone || isPoison === true) return { state: 'failed' }
  const at = retryAt(backOff, attempts, retryAfter, nowMs)
  return at === undefined ? { state: 'failed' } : { state: 'due', at }
}

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
