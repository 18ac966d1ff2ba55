import { randomUUID } from 'node:crypto'
import type { WebhookEvent } from '../../../shared/contract/webhook.ts'
import type { Webhooks } from '../../ledger/webhooks/webhooks.ts'

interface Deps {
  webhooks: Pick<Webhooks, 'forEvent' | 'addDelivery' | 'hasBacklogOf' | 'subscriptions'>
  /** Maximum number of waiting deliveries, in all; each webhook has an equal share of it. */
  maxWaiting: number
  newId?: () => string
}

/** Pending notifications. The ledger keeps each until its receiver has accepted it, even if processes die meanwhile. */
export function createOutbox({ webhooks, maxWaiting, newId = randomUUID }: Deps) {
  /** Why a delivery is not attempted: it is listed as failed, and may be requested when its receiver is back. */
  const refusalOf = (webhookId: string): string | undefined => {
    const share = Math.max(1, Math.floor(maxWaiting / webhooks.subscriptions().length))
    if (!webhooks.hasBacklogOf(webhookId, share)) return undefined
    return `${share} deliveries wait for this receiver already; see SCRIPTORIUM_MAX_DELIVERIES`
  }
  return {
    /**
     * Writes one delivery for each subscribed webhook. Call it in the transaction of the event: the ledger has both, or
     * neither. `data` is sent unchanged, so it never contains recognised text.
     */
    enqueue: (event: WebhookEvent, tag: string | null, data: object): void => {
      const now = new Date()
      for (const webhook of webhooks.forEvent(event, tag)) {
        const id = newId()
        const payload = JSON.stringify({ id, event, createdAt: now.toISOString(), data })
        const delivery = { id, webhookId: webhook.id, event, payload, createdAt: now.getTime() }
        webhooks.addDelivery(delivery, refusalOf(webhook.id))
      }
    },
  }
}
