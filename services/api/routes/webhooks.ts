import { randomBytes, randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { webhookEvents, type Webhook } from '../../../shared/webhook.ts'
import { fromCursor, toPage } from '../cursor.ts'
import { idParams, listOf, pageQuery, problems } from '../schemas/common.ts'
import { orNull } from '../schemas/document.ts'
import type { App, Context } from './context.ts'

const tags = ['webhooks']
const defaultLimit = 50

const shown = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(oneOf(webhookEvents)),
  tag: orNull(Type.String()),
  createdAt: Type.String(),
}
const webhookViewSchema = Type.Object(shown)
const createdSchema = Type.Object({
  ...shown,
  /** Key of the deliveries' HMAC-SHA256: told this once. */
  secret: Type.String(),
})
const deliverySchema = Type.Object({
  id: Type.String(),
  event: Type.String(),
  state: oneOf(['due', 'delivered', 'failed']),
  attempts: Type.Integer(),
  lastStatus: orNull(Type.Integer()),
  lastError: orNull(Type.String()),
  createdAt: Type.String(),
  lastAttemptAt: orNull(Type.String()),
  nextAt: orNull(Type.String()),
})

/** Who is told when documents and runs end. */
export function webhookRoutes(app: App, context: Context): void {
  const { ledger, command } = context
  const requireWebhook = (id: string): Webhook => {
    const webhook = ledger.get().webhooks.get(id)
    if (webhook !== undefined) return webhook
    throw new ScriptoriumError('unknown_webhook', `there is no webhook ${id}`)
  }
  app.post(
    '/v1/webhooks',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'addWebhook',
        summary: 'Subscribe; the answer holds the secret that deliveries are signed with',
        tags,
        body: Type.Object(
          {
            url: Type.String({ pattern: '^https?://', maxLength: 2_000 }),
            events: Type.Optional(
              Type.Array(oneOf(webhookEvents), { minItems: 1, uniqueItems: true }),
            ),
            tag: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          },
          { additionalProperties: false },
        ),
        response: { 201: createdSchema, ...problems },
      },
    },
    async ({ body: { url, events = [...webhookEvents], tag = null } }, reply) => {
      if (!URL.canParse(url)) throw new ScriptoriumError('invalid_request', 'url is not a URL')
      const webhook: Webhook = {
        id: `w${randomUUID().replaceAll('-', '')}`,
        url,
        events,
        tag,
        secret: randomBytes(32).toString('base64url'),
        createdAt: new Date().toISOString(),
      }
      await command({ kind: 'addWebhook', webhook })
      return reply.code(201).header('location', `/v1/webhooks/${webhook.id}`).send(webhook)
    },
  )
  app.get(
    '/v1/webhooks',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listWebhooks',
        summary: 'Subscriptions',
        tags,
        response: { 200: Type.Object({ items: Type.Array(webhookViewSchema) }), ...problems },
      },
    },
    async () => ({ items: ledger.get().webhooks.list() }),
  )
  app.delete(
    '/v1/webhooks/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'removeWebhook',
        summary: 'Unsubscribe; what was not delivered yet is dropped',
        tags,
        params: idParams,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      requireWebhook(id)
      await command({ kind: 'removeWebhook', webhookId: id })
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listDeliveries',
        summary: 'What was delivered, or is still tried, newest first',
        tags,
        params: idParams,
        querystring: Type.Object(pageQuery),
        response: { 200: listOf(deliverySchema), ...problems },
      },
    },
    async ({ params: { id }, query: { limit = defaultLimit, cursor } }) => {
      requireWebhook(id)
      const found = ledger.get().webhooks.deliveries(id, limit + 1, fromCursor(cursor))
      const page = toPage(found, limit, ({ createdAt: time, id: last }) => ({ time, id: last }))
      return { items: page.entries.map(showDelivery), nextCursor: page.nextCursor }
    },
  )
  app.post(
    '/v1/webhooks/:id/redeliver',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'redeliver',
        summary: 'Deliver again',
        tags,
        params: idParams,
        body: Type.Object({ deliveryId: Type.String() }, { additionalProperties: false }),
        response: { 202: Type.Object({ deliveryId: Type.String() }), ...problems },
      },
    },
    async ({ params: { id }, body: { deliveryId } }, reply) => {
      requireWebhook(id)
      if (ledger.get().webhooks.delivery(deliveryId)?.webhookId !== id) {
        throw new ScriptoriumError('unknown_webhook', `it has no delivery ${deliveryId}`)
      }
      await command({ kind: 'redeliver', webhookId: id, deliveryId })
      return reply.code(202).send({ deliveryId })
    },
  )
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

type Delivery = ReturnType<ReturnType<Context['ledger']['get']>['webhooks']['deliveries']>[number]

function showDelivery({ lastAttemptAt, nextAt, createdAt, ...delivery }: Delivery) {
  const { id, event, state, attempts, lastStatus, lastError } = delivery
  return {
    id,
    event,
    state,
    attempts,
    lastStatus,
    lastError,
    createdAt: new Date(createdAt).toISOString(),
    lastAttemptAt: iso(lastAttemptAt),
    nextAt: iso(nextAt),
  }
}
