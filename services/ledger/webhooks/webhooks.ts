import type { DatabaseSync } from 'node:sqlite'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { webhookSchema, type Webhook, type WebhookEvent } from '../../../shared/contract/webhook.ts'
import { createDeliveries } from './deliveries.ts'

const parseWebhook = createParser("a webhook of the ledger's", webhookSchema)

/** Subscriptions and their deliveries. Only the aggregator writes; any process may list. */
export function createWebhooks(database: DatabaseSync) {
  const deliveries = createDeliveries(database)
  const sql = (text: string) => database.prepare(text)
  const insert = sql('INSERT INTO webhooks (id, webhook) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const byId = sql('SELECT webhook FROM webhooks WHERE id = ?')
  const all = sql(`SELECT webhook FROM webhooks ORDER BY webhook ->> 'createdAt', id`)
  const remove = sql('DELETE FROM webhooks WHERE id = ?')
  const count = sql('SELECT count(*) AS n FROM webhooks')
  /** The writer's cache: each document needs them, and there is no other writer. */
  let known: Webhook[] | undefined

  const list = (): Webhook[] => all.all().map(toWebhook)
  const subscriptions = (): readonly Webhook[] => (known ??= list())
  return {
    ...deliveries,
    /** Idempotent by id: the first one stays. */
    add(webhook: Webhook): void {
      insert.run(webhook.id, JSON.stringify(webhook))
      known = undefined
    },
    /** Idempotent, and in this order: after a crash in between the webhook still exists and can be removed. */
    remove(id: string): void {
      deliveries.removeSome(id, -1) // Without a limit.
      remove.run(id)
      known = undefined
    },
    count: (): number => Number(count.get()?.['n']),
    /** As `list`, for the writer. */
    subscriptions,
    get(id: string): Webhook | undefined {
      const row = byId.get(id)
      return row && toWebhook(row)
    },
    /** Oldest first. */
    list,
    /** Webhooks that subscribe to `event` with this tag. */
    forEvent: (event: WebhookEvent, tag: string | null): Webhook[] =>
      subscriptions().filter(
        (webhook) =>
          webhook.events.includes(event) && (webhook.tag === null || webhook.tag === tag),
      ),
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

function toWebhook(row: Record<string, unknown>): Webhook {
  return parseWebhook(JSON.parse(String(row['webhook'])))
}
