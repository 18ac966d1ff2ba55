import type { DatabaseSync } from 'node:sqlite'
import { createParser } from '../../../shared/messages.ts'
import { webhookSchema, type Webhook, type WebhookEvent } from '../../../shared/webhook.ts'
import type { Position } from './listing.ts'

/** `due` until it was taken or given up. Times are milliseconds since 1970. */
export interface Delivery {
  id: string
  webhookId: string
  event: WebhookEvent
  /** The body that is sent, as JSON text. */
  payload: string
  state: 'due' | 'delivered' | 'failed'
  /** Since it was enqueued, or asked for anew. */
  attempts: number
  nextAt: number | null
  createdAt: number
  lastStatus: number | null
  lastError: string | null
  lastAttemptAt: number | null
}

/** What one attempt gave, and what follows. */
export interface Attempt {
  at: number
  status: number | null
  error: string | null
  next: { state: 'delivered' | 'failed' } | { state: 'due'; at: number }
}

const parseWebhook = createParser("a webhook of the ledger's", webhookSchema)

const columns = `id, webhook_id AS webhookId, event, payload, state, attempts, next_at AS nextAt,
  created_at AS createdAt, last_status AS lastStatus, last_error AS lastError, last_attempt_at AS lastAttemptAt`

/** Subscriptions, and what is to be sent to them. Only the aggregator writes; anybody may list. */
export function createWebhooks(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const insert = sql('INSERT INTO webhooks (id, webhook) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const byId = sql('SELECT webhook FROM webhooks WHERE id = ?')
  const all = sql(`SELECT webhook FROM webhooks ORDER BY webhook ->> 'createdAt', id`)
  const remove = sql('DELETE FROM webhooks WHERE id = ?')
  const removeDeliveries = sql('DELETE FROM deliveries WHERE webhook_id = ?')
  const enqueue = sql(`
    INSERT INTO deliveries (id, webhook_id, event, payload, state, attempts, next_at, created_at)
    VALUES (:id, :webhookId, :event, :payload, 'due', 0, :createdAt, :createdAt) ON CONFLICT DO NOTHING`)
  // A few of each webhook, by the index: the backlog of one is never walked to come to another's.
  const due = sql(`
    SELECT ${columns}, webhook FROM (SELECT id AS owner, webhook FROM webhooks) JOIN deliveries ON id IN (
      SELECT id FROM deliveries WHERE state = 'due' AND webhook_id = owner AND next_at <= :now
      ORDER BY next_at LIMIT :perWebhook
    ) ORDER BY next_at LIMIT :limit`)
  const next = sql(`
    SELECT min(at) AS at FROM (SELECT (
      SELECT min(next_at) FROM deliveries WHERE state = 'due' AND webhook_id = w.id AND next_at > ?
    ) AS at FROM webhooks w)`)
  const attempted = sql(`
    UPDATE deliveries SET attempts = attempts + 1, last_attempt_at = ?, last_status = ?, last_error = ?,
      state = ?, next_at = ? WHERE id = ?`)
  const again = sql(`UPDATE deliveries SET state = 'due', attempts = 0, next_at = ? WHERE id = ?`)
  const one = sql(`SELECT ${columns} FROM deliveries WHERE id = ?`)
  const page = sql(`
    SELECT ${columns} FROM deliveries WHERE webhook_id = :webhookId AND (created_at, id) < (:time, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit`)
  const prune = sql(`
    DELETE FROM deliveries WHERE webhook_id IN (SELECT id FROM webhooks) AND created_at < ? AND state <> 'due'`)

  const list = (): Webhook[] => all.all().map(toWebhook)
  return {
    /** Idempotent by id: the first stays. */
    add: (webhook: Webhook): void => void insert.run(webhook.id, JSON.stringify(webhook)),
    /** Idempotent, and in this order: after a crash in between the webhook is still there to be removed. */
    remove(id: string): void {
      removeDeliveries.run(id)
      remove.run(id)
    },
    get(id: string): Webhook | undefined {
      const row = byId.get(id)
      return row && toWebhook(row)
    },
    /** Oldest first. */
    list,
    /** Who wants to know of `event` where it carries this tag. */
    forEvent: (event: WebhookEvent, tag: string | null): Webhook[] =>
      list().filter(
        (webhook) =>
          webhook.events.includes(event) && (webhook.tag === null || webhook.tag === tag),
      ),
    /** Due at once. Idempotent by id. */
    addDelivery({
      id,
      webhookId,
      event,
      payload,
      createdAt,
    }: Pick<Delivery, 'id' | 'webhookId' | 'event' | 'payload' | 'createdAt'>): void {
      enqueue.run({ id, webhookId, event, payload, createdAt })
    },
    /** What is to be sent by now, longest due first, with where to. */
    due: (nowMs: number, limit: number, perWebhook = limit) =>
      due.all({ now: nowMs, limit, perWebhook }).map((row) => {
        const { webhook, ...delivery } = row
        return { delivery: toDelivery(delivery), webhook: toWebhook({ webhook }) }
      }),
    /** When something is due next that is not yet. */
    nextDueAt(nowMs: number): number | undefined {
      const at = next.get(nowMs)?.['at']
      return typeof at === 'number' ? at : undefined
    },
    /** Says nothing of a delivery that was removed meanwhile. */
    recordAttempt(id: string, attempt: Attempt): void {
      const { at, status, error, next: then } = attempt
      const nextAt = then.state === 'due' ? then.at : null
      attempted.run(at, status, error, then.state, nextAt, id)
    },
    /** Makes a delivery due again, with all its attempts before it. False where there is none. */
    redeliver: (deliveryId: string, nowMs = Date.now()): boolean =>
      again.run(nowMs, deliveryId).changes === 1,
    delivery(id: string): Delivery | undefined {
      const row = one.get(id)
      return row && toDelivery(row)
    },
    /** Newest first; `after` is the `createdAt` and the id of the last one seen. */
    deliveries(webhookId: string, limit: number, after?: Position): Delivery[] {
      const { time, id } = after ?? { time: Number.MAX_SAFE_INTEGER, id: '' }
      return page.all({ webhookId, time, id, limit }).map(toDelivery)
    },
    /** Forgets what was enqueued before that moment and has ended. */
    prune: (beforeMs: number): number => Number(prune.run(beforeMs).changes),
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

function toWebhook(row: Record<string, unknown>): Webhook {
  return parseWebhook(JSON.parse(String(row['webhook'])))
}

// The table is STRICT and this file its only writer, so its rows are what they say.
const toDelivery = (row: unknown): Delivery => row as Delivery
