import { randomUUID } from 'node:crypto'
import type { WebhookEvent } from '../../../shared/webhook.ts'
import type { Webhooks } from '../ledger/webhooks.ts'

interface Deps {
  webhooks: Pick<Webhooks, 'forEvent' | 'addDelivery'>
  newId?: () => string
}

/** What is to be told to others. It lies in the ledger until it was taken, whoever dies meanwhile. */
export function createOutbox({ webhooks, newId = randomUUID }: Deps) {
  return {
    /**
     * Writes one delivery for each webhook that wants this. Call it in the transaction that makes it true: either
     * both are in the ledger or neither. `data` goes out as it is, so it never holds recognised text.
     */
    enqueue: (event: WebhookEvent, tag: string | null, data: object): void => {
      const now = new Date()
      for (const webhook of webhooks.forEvent(event, tag)) {
        const id = newId()
        const payload = JSON.stringify({ id, event, createdAt: now.toISOString(), data })
        webhooks.addDelivery({
          id,
          webhookId: webhook.id,
          event,
          payload,
          createdAt: now.getTime(),
        })
      }
    },
  }
}

export type Outbox = ReturnType<typeof createOutbox>
