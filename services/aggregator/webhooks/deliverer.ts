import { setTimeout as delay } from 'node:timers/promises'
import { toError } from '../../../shared/errors.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Outbound } from '../../../shared/outbound.ts'
import type { Attempt, Webhooks } from '../ledger/webhooks.ts'
import { createAlarm } from './alarm.ts'
import { defaultBackOff, retryAt, type BackOff } from './back-off.ts'
import { createPost, type Answer } from './post.ts'

interface Deps {
  webhooks: Webhooks
  outbound: Pick<Outbound, 'request'>
  log: Logger
  /** Milliseconds since 1970. */
  now?: () => number
  backOff?: BackOff
  /** How long a receiver may take. */
  timeoutMs?: number
  /** What is under way at the stop gets this long; it stays due after that. */
  drainMs?: number
}

type Due = ReturnType<Webhooks['due']>[number]

const atOnce = 8
/** A slow receiver holds up its own deliveries, not those of others. */
const atOncePerWebhook = 2
/** So many are looked at that enough are left after those under way. */
const lookedAt = atOnce * (atOncePerWebhook + 1)
/** The longest sleep: a timer does not run while the machine sleeps. */
const idleMs = 60_000
const failurePauseMs = 1_000
const keptMs = 30 * 86_400_000
const pruneMs = 3_600_000
const gone = 410

/**
 * Sends what the outbox holds. All that it knows is in the ledger, so it goes on after a restart. What is sent and not
 * yet recorded when the process dies is sent again, so a delivery comes at least once; its id tells repeats.
 */
export function createDeliverer(deps: Deps) {
  const { webhooks, outbound, log, now = Date.now, backOff = defaultBackOff } = deps
  const { timeoutMs = 10_000, drainMs = 2_000 } = deps
  const post = createPost({ outbound, now, timeoutMs })
  const inFlight = new Map<string, { webhookId: string; done: Promise<void> }>()
  const abandoned = new AbortController()
  const alarm = createAlarm()
  let prunedAt = Number.NEGATIVE_INFINITY

  const attempt = async ({ delivery, webhook }: Due): Promise<void> => {
    const { id, webhookId } = delivery
    const at = now()
    const answer = await post(delivery, webhook, abandoned.signal)
    if (abandoned.signal.aborted) return
    const { status, error } = answer
    const attempts = delivery.attempts + 1
    const next = follow(answer, backOff, attempts, now())
    log.info({ webhookId, deliveryId: id, status, attempts }, sentences[next.state])
    await record(id, { at, status, error, next })
  }

  /** Until it succeeds: what was sent and is not recorded would be sent again at once. */
  const record = async (id: string, made: Attempt): Promise<void> => {
    while (!abandoned.signal.aborted) {
      try {
        return webhooks.recordAttempt(id, made)
      } catch (thrown) {
        log.error({ err: toError(thrown), deliveryId: id }, 'an attempt cannot be recorded')
        await delay(failurePauseMs)
      }
    }
  }

  /** Whoever has the least under way comes first: a backlog does not get every place that becomes free. */
  const pickDue = (nowMs: number): Due | undefined => {
    if (inFlight.size >= atOnce) return undefined
    const busy = [...inFlight.values()].map(({ webhookId }) => webhookId)
    const candidates = webhooks
      .due(nowMs, lookedAt, atOncePerWebhook)
      .filter(({ delivery }) => !inFlight.has(delivery.id))
      .map((due) => ({ due, count: busy.filter((id) => id === due.webhook.id).length }))
      .filter(({ count }) => count < atOncePerWebhook)
    return candidates.toSorted((one, other) => one.count - other.count)[0]?.due
  }

  const takeDue = (nowMs: number): void => {
    for (let due = pickDue(nowMs); due !== undefined; due = pickDue(nowMs)) {
      const { id, webhookId } = due.delivery
      const done = attempt(due).finally(() => {
        inFlight.delete(id)
        alarm.ring()
      })
      inFlight.set(id, { webhookId, done })
    }
  }

  const prune = (nowMs: number): void => {
    if (nowMs - prunedAt < pruneMs) return
    prunedAt = nowMs
    webhooks.prune(nowMs - keptMs)
  }

  /** Returns how long there is nothing to do. */
  const work = (): number => {
    try {
      const nowMs = now() // One moment for all of it: what became due between two would be missed.
      prune(nowMs)
      takeDue(nowMs)
      const at = webhooks.nextDueAt(nowMs)
      return at === undefined ? idleMs : Math.min(idleMs, Math.max(0, at - now()))
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'deliveries cannot be taken, trying again')
      return failurePauseMs
    }
  }

  return {
    run: async (stopping: AbortSignal): Promise<void> => {
      stopping.addEventListener('abort', alarm.ring, { once: true })
      while (!stopping.aborted) await alarm.sleep(work())
      const timer = setTimeout(() => abandoned.abort(), drainMs)
      await Promise.all([...inFlight.values()].map(({ done }) => done))
      clearTimeout(timer)
    },
    /** Something may have become due. */
    wake: alarm.ring,
  }
}

export type Deliverer = ReturnType<typeof createDeliverer>

const sentences = {
  delivered: 'a webhook was told',
  due: 'a webhook was not told, trying again',
  failed: 'a webhook was not told, giving up',
}

function follow(
  { status, retryAfter }: Answer,
  backOff: BackOff,
  attempts: number,
  nowMs: number,
): Attempt['next'] {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' }
  if (status === gone) return { state: 'failed' }
  const at = retryAt(backOff, attempts, retryAfter, nowMs)
  return at === undefined ? { state: 'failed' } : { state: 'due', at }
}
