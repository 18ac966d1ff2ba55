import type { DatabaseSync } from 'node:sqlite'
import type { WebhookEvent } from '../../../shared/contract/webhook.ts'
import type { Position } from '../queries/listing.ts'

/** `due` until it was accepted or given up. Times are milliseconds since 1970. */
export interface Delivery {
  id: string
  webhookId: string
  event: WebhookEvent
  /** The body to send, as JSON text. */
  payload: string
  state: 'due' | 'delivered' | 'failed'
  /** Attempts since it was enqueued, or requested again. */
  attempts: number
  nextAt: number | null
  createdAt: number
  lastStatus: number | null
  lastError: string | null
  lastAttemptAt: number | null
}

type NewDelivery = Pick<Delivery, 'id' | 'webhookId' | 'event' | 'payload' | 'createdAt'>

/** Result of one attempt, and its consequence. */
export interface DeliveryAttempt {
  at: number
  status: number | null
  error: string | null
  next: { state: 'delivered' | 'failed' } | { state: 'due'; at: number }
}

const columns = `id, webhook_id AS webhookId, event, payload, state, attempts, next_at AS nextAt,
  created_at AS createdAt, last_status AS lastStatus, last_error AS lastError, last_attempt_at AS lastAttemptAt`

/** The deliveries of all webhooks. Only the aggregator writes; any process may list. */
export function createDeliveries(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  const removeDeliveries = sql(`
    DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE webhook_id = ? LIMIT ?)`)
  const enqueue = sql(`
    INSERT INTO deliveries (id, webhook_id, event, payload, state, attempts, next_at, created_at)
    VALUES (:id, :webhookId, :event, :payload, 'due', 0, :createdAt, :createdAt) ON CONFLICT DO NOTHING`)
  const refuse = sql(`
    INSERT INTO deliveries (id, webhook_id, event, payload, state, attempts, created_at, last_error)
    VALUES (:id, :webhookId, :event, :payload, 'failed', 0, :createdAt, :why) ON CONFLICT DO NOTHING`)
  // One webhook at a time, through the index: the backlog of one webhook is never scanned to reach another's.
  const due = sql(`
    SELECT ${columns} FROM deliveries WHERE state = 'due' AND webhook_id = ? AND next_at <= ?
    ORDER BY next_at LIMIT ?`)
  const first = sql(`
    SELECT min(next_at) AS at FROM deliveries WHERE state = 'due' AND webhook_id = ? AND next_at > ?`)
  const nth = sql(
    `SELECT 1 FROM deliveries WHERE state = 'due' AND webhook_id = ? LIMIT 1 OFFSET ?`,
  )
  const countDue = sql(`SELECT count(*) AS n FROM deliveries WHERE state = 'due'`)
  const giveUp = sql(`
    UPDATE deliveries SET state = 'failed', next_at = NULL, last_error = coalesce(last_error, 'the receiver failed for a day')
    WHERE id IN (
      SELECT id FROM deliveries WHERE state = 'due' AND webhook_id = ? AND next_at < ? ORDER BY next_at LIMIT ?)`)
  const attempted = sql(`
    UPDATE deliveries SET attempts = attempts + 1, last_attempt_at = made.value ->> 'at',
      last_status = made.value ->> 'status', last_error = made.value ->> 'error',
      state = made.value ->> 'state', next_at = made.value ->> 'nextAt'
    FROM json_each(?) made WHERE deliveries.id = made.value ->> 'id'`)
  const again = sql(`UPDATE deliveries SET state = 'due', attempts = 0, next_at = ? WHERE id = ?`)
  const one = sql(`SELECT ${columns} FROM deliveries WHERE id = ?`)
  const page = sql(`
    SELECT ${columns} FROM deliveries WHERE webhook_id = :webhookId AND (created_at, id) < (:time, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit`)
  const prune = sql(`
    DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries
      WHERE webhook_id IN (SELECT id FROM webhooks) AND created_at < ? AND state <> 'due' LIMIT ?)`)
  return {
    /**
     * Deletes some of a webhook's deliveries; false where none are left. Before `remove`, for its history may be long.
     */
    removeSome: (id: string, limit: number): boolean =>
      Number(removeDeliveries.run(id, limit).changes) === limit,
    /** Waiting deliveries of all webhooks. */
    countDue: (): number => Number(countDue.get()?.['n']),
    /** Due at once, or failed at once where there is a reason. Idempotent by id. */
    addDelivery({ id, webhookId, event, payload, createdAt }: NewDelivery, why?: string): void {
      const values = { id, webhookId, event, payload, createdAt }
      if (why === undefined) enqueue.run(values)
      else refuse.run({ ...values, why })
    },
    /** Whether at least this many deliveries of a webhook wait. */
    hasBacklogOf: (webhookId: string, size: number): boolean =>
      nth.get(webhookId, size - 1) !== undefined,
    /** A webhook's due deliveries, longest due first. */
    dueOf: (webhookId: string, nowMs: number, limit = 10): Delivery[] =>
      due.all(webhookId, nowMs, limit).map(toDelivery),
    /** When a webhook's first delivery after the given time is due. */
    firstDueAt(webhookId: string, afterMs = -1): number | undefined {
      const at = first.get(webhookId, afterMs)?.['at']
      return typeof at === 'number' ? at : undefined
    },
    /** Gives up some of a webhook's deliveries that were due before the given time. */
    giveUp: (webhookId: string, beforeMs: number, limit: number): number =>
      Number(giveUp.run(webhookId, beforeMs, limit).changes),
    /** One transaction, by the deliveries' ids. Ignores deliveries that were deleted in the meantime. */
    recordAttempts(attempts: ReadonlyMap<string, DeliveryAttempt>): void {
      const made = [...attempts].map(([id, { next, ...attempt }]) => {
        const { state, ...when } = next
        return { id, ...attempt, state, nextAt: 'at' in when ? when.at : null }
      })
      attempted.run(JSON.stringify(made))
    },
    /** Makes a delivery due again, with all its attempts available. Returns false if it does not exist. */
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
    /** Deletes some ended deliveries that were enqueued before the given time. */
    prune: (beforeMs: number, limit: number): number => Number(prune.run(beforeMs, limit).changes),
  }
}

// The table is STRICT and this file is its only writer, so the cast is safe.
const toDelivery = (row: unknown): Delivery => row as Delivery
