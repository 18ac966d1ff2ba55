import { toError } from '../../../shared/process/errors.ts'
import { createGate } from '../../../shared/hands/gate.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { DeliveryAttempt } from '../../ledger/webhooks/deliveries.ts'
import type { Webhooks } from '../../ledger/webhooks/webhooks.ts'
import { workItems } from '../../ledger/work-items.ts'
import { retryAt, type BackOff } from './back-off.ts'
import type { createPost, ReceiverAnswer } from './post.ts'
import type { Receivers } from './receivers.ts'
import type { Due } from './round.ts'

interface Deps {
  webhooks: Pick<Webhooks, 'recordAttempts'>
  receivers: Receivers
  post: ReturnType<typeof createPost>
  /** Records the deliveries in progress. */
  hands: Pick<Hands, 'remember' | 'isSuspect' | 'poisonOf'>
  /** Milliseconds since 1970. */
  now: () => number
  backOff: BackOff
  /** Timeout of a receiver's answer. */
  timeoutMs: number
  /** Called when an attempt has ended. */
  onEnd: () => void
  log: Logger
}

const gone = 410

/** Attempts at deliveries: running ones, and finished ones that the ledger has not recorded yet. */
export function createAttempts(deps: Deps) {
  const { webhooks, receivers, post, hands, now, backOff, timeoutMs, onEnd, log } = deps
  const gate = createGate(timeoutMs)
  const running = new Map<string, Promise<void>>()
  /** Finished attempts that are not recorded: until they are, their deliveries count as running. */
  const answered = new Map<string, DeliveryAttempt>()
  const abandoned = new AbortController()

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

  /** Running attempts finish, or are abandoned; answers that the ledger rejects now are requested again. */
  const drain = async (drainMs: number): Promise<void> => {
    const timer = setTimeout(() => abandoned.abort(), drainMs)
    await Promise.all(running.values())
    clearTimeout(timer)
    try {
      record()
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'recording delivery attempts failed, repeating them')
    }
  }

  return {
    /** Number of running attempts. */
    count: (): number => running.size,
    isUnderWay: (id: string): boolean => running.has(id) || answered.has(id),
    begin(due: Due): void {
      const { id } = due.delivery
      receivers.begin(due.host)
      const done = attempt(due).finally(() => {
        running.delete(id)
        onEnd()
      })
      running.set(id, done)
    },
    record,
    drain,
  }
}

const sentences = {
  delivered: 'webhook delivered',
  due: 'webhook delivery failed, will be retried',
  failed: 'webhook delivery failed for good',
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
