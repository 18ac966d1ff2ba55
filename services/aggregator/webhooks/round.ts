import type { Webhook } from '../../../shared/contract/webhook.ts'
import type { Webhooks } from '../../ledger/webhooks/webhooks.ts'
import type { Delivery } from '../../ledger/webhooks/deliveries.ts'
import type { Receivers } from './receivers.ts'

interface Deps {
  webhooks: Pick<Webhooks, 'subscriptions' | 'dueOf' | 'firstDueAt' | 'giveUp'>
  receivers: Receivers
  isUnderWay: (deliveryId: string) => boolean
}

export interface Due {
  delivery: Delivery
  webhook: Webhook
  host: string
}

/** A delivery is given up after its receiver's failures have blocked it for this long. */
const givenUpAfterMs = 86_400_000
const givenUpAtATime = 500

/**
 * Visits the webhooks in turn and gives each one delivery per turn, so that a long backlog does not delay a short one.
 * A step checks one webhook through the index, whatever the size of the ledger.
 */
export function createRound({ webhooks, receivers, isUnderWay }: Deps) {
  let next = 0
  /** Webhooks since the last one with a delivery to send. */
  let fruitless = 0
  let soonestAt = Number.POSITIVE_INFINITY

  const look = (webhook: Webhook, nowMs: number): Due | undefined => {
    const host = hostOf(webhook)
    const pausedUntil = receivers.pausedUntil(host, nowMs)
    if (pausedUntil !== undefined) {
      // Only for one that fails now: after a long downtime of ours everything is old.
      if (receivers.isPoor(host)) {
        webhooks.giveUp(webhook.id, nowMs - givenUpAfterMs, givenUpAtATime)
      }
      const firstAt = webhooks.firstDueAt(webhook.id)
      if (firstAt !== undefined) soonestAt = Math.min(soonestAt, Math.max(pausedUntil, firstAt))
      return undefined
    }
    if (!receivers.hasRoom(host, nowMs)) return undefined // The end of an attempt makes room, and rings.
    const delivery = webhooks.dueOf(webhook.id, nowMs).find(({ id }) => !isUnderWay(id))
    if (delivery !== undefined) return { delivery, webhook, host }
    const laterAt = webhooks.firstDueAt(webhook.id, nowMs)
    if (laterAt !== undefined) soonestAt = Math.min(soonestAt, laterAt)
    return undefined
  }

  const restart = (): void => {
    fruitless = 0
    soonestAt = Number.POSITIVE_INFINITY
  }

  return {
    /** A delivery may have become due. */
    restart,
    /** The next delivery to send, found within this many steps. */
    next(nowMs: number, steps: number): Due | undefined {
      const all = webhooks.subscriptions()
      for (let step = 0; step < steps && fruitless < all.length; step += 1) {
        const webhook = all[next % all.length]
        next = (next + 1) % all.length
        fruitless += 1
        const due = webhook && look(webhook, nowMs)
        if (due !== undefined) {
          restart()
          return due
        }
      }
      return undefined
    },
    /** Whether no delivery is left that could be sent now. */
    isThrough: (): boolean => fruitless >= webhooks.subscriptions().length,
    /** When the first becomes due; infinite without any. Valid after a complete round. */
    soonestAt: (): number => soonestAt,
  }
}

/** Host and port; a URL that an older version accepted and this one cannot parse is its own receiver. */
export function hostOf({ url }: Webhook): string {
  return URL.parse(url)?.host ?? url
}
