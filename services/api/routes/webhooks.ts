import { randomBytes, randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { webhookEvents, type Webhook } from '../../../shared/contract/webhook.ts'
import { fromCursor, toPage } from '../views/cursor.ts'
import { answerOf, exampleCursors, listOf, locationOf, pageQuery } from '../schemas/common.ts'
import { commandProblems } from '../schemas/problem-codes.ts'
import { orNull, timeOrNull } from '../schemas/document.ts'
import type { App, Context } from './context.ts'
import {
  boundedList,
  idText,
  longList,
  messageText,
  tagText,
  urlText,
} from '../../../shared/contract/schema/bounded.ts'
import { described, timeOf } from '../../../shared/contract/schema/described.ts'

const tags = ['Webhooks']
const defaultLimit = 50

const exampleId = 'w3b241101e2bb42558caf4136c566a962'
const exampleUrl = 'https://example.org/hooks/scriptorium'
const exampleDelivery = 'e1d8a7c05f4b4a0c9b7e6d5c4b3a2f10'

const params = Type.Object({
  id: described(Type.String({ minLength: 1, maxLength: 100 }), 'Webhook id.', exampleId),
})

const shown = {
  id: described(idText, 'Webhook id.', exampleId),
  url: described(urlText, 'Address that receives the deliveries.', exampleUrl),
  events: described(boundedList(oneOf(webhookEvents), 100), 'Subscribed events.', ['run.finished']),
  tag: described(
    orNull(tagText),
    'Only documents and runs with this tag; null for all.',
    'invoices',
  ),
  createdAt: timeOf('Time of the subscription.'),
}
const webhookViewSchema = Type.Object(shown, { title: 'Webhook', description: 'Subscription.' })
const createdSchema = Type.Object(
  {
    ...shown,
    secret: described(
      messageText,
      'HMAC-SHA256 key of the signatures. This response is the only one that holds it.',
      'Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgc2VjcmV0IQ',
    ),
  },
  { title: 'CreatedWebhook', description: 'New subscription with its secret.' },
)
const deliveryIdField = described(idText, 'Delivery id.', exampleDelivery)
const count = Type.Integer({ minimum: 0 })
const deliverySchema = Type.Object(
  {
    id: deliveryIdField,
    event: described(idText, 'Event.', 'run.finished'),
    state: described(
      oneOf(['due', 'delivered', 'failed']),
      '`due`: waits for its next attempt. `failed`: all attempts failed.',
    ),
    attempts: described(count, 'Attempts so far.', 1),
    lastStatus: described(
      orNull(Type.Integer({ minimum: 100, maximum: 599 })),
      'HTTP status of the last attempt, null without a response.',
      200,
    ),
    lastError: described(
      orNull(messageText),
      'Error of the last attempt, or null.',
      'example.org did not respond in time',
    ),
    createdAt: timeOf('Time of the event.'),
    lastAttemptAt: timeOrNull('Last attempt; null before the first.'),
    nextAt: timeOrNull('Next attempt; null if there is none.'),
  },
  { title: 'Delivery', description: 'Delivery of an event to a webhook.' },
)

/** Webhooks: subscriptions to the ends of documents and runs. */
export function webhookRoutes(app: App, context: Context): void {
  const { ledger, command, limits } = context
  const requireWebhook = (id: string): Webhook => {
    const webhook = ledger.get().webhooks.get(id)
    if (webhook !== undefined) return webhook
    throw new ScriptoriumError('unknown_webhook', `unknown webhook ${id}`)
  }
  app.post(
    '/v1/webhooks',
    {
      config: { scope: 'admin', problems: ['too_many_webhooks', ...commandProblems] },
      schema: {
        operationId: 'addWebhook',
        summary: 'Add a webhook',
        description:
          'Subscribes an address to the end of documents and runs. The response holds the secret of the signatures.',
        tags,
        body: Type.Object(
          {
            url: described(
              Type.String({ pattern: '^https?://', maxLength: 2_000 }),
              'Address, http or https, without credentials.',
              exampleUrl,
            ),
            events: Type.Optional(
              described(
                Type.Array(oneOf(webhookEvents), { minItems: 1, uniqueItems: true, maxItems: 10 }),
                'Events. Default: all.',
                ['run.finished'],
              ),
            ),
            tag: Type.Optional(
              described(
                Type.String({ minLength: 1, maxLength: 200 }),
                'Only documents and runs with this tag. Default: all.',
                'invoices',
              ),
            ),
          },
          {
            additionalProperties: false,
            title: 'WebhookRequest',
            description: 'Address and events.',
            examples: [{ url: exampleUrl, events: ['run.finished'] }],
          },
        ),
        response: {
          201: answerOf(
            'The subscription with its secret.',
            createdSchema,
            locationOf('Path of the webhook.', `/v1/webhooks/${exampleId}`),
          ),
        },
      },
    },
    async ({ body: { url, events = [...webhookEvents], tag = null } }, reply) => {
      requireReceiver(url)
      limits.require('webhooks', ledger.get().webhooks.count())
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
        summary: 'List webhooks',
        description: 'All subscriptions, without their secrets.',
        tags,
        response: {
          200: Type.Object(
            { items: described(longList(webhookViewSchema), 'Subscriptions.') },
            { description: 'All subscriptions.' },
          ),
        },
      },
    },
    async () => ({ items: ledger.get().webhooks.list().map(showWebhook) }),
  )
  app.delete(
    '/v1/webhooks/:id',
    {
      config: { scope: 'admin', problems: ['unknown_webhook', ...commandProblems] },
      schema: {
        operationId: 'removeWebhook',
        summary: 'Delete a webhook',
        description: 'Ends the subscription and drops its pending deliveries.',
        tags,
        params,
        response: { 204: described(Type.Null(), 'The webhook is deleted.') },
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
      config: { scope: 'admin', problems: ['unknown_webhook'] },
      schema: {
        operationId: 'listDeliveries',
        summary: "List a webhook's deliveries",
        description: 'Delivered, pending and failed deliveries, newest first.',
        tags,
        params,
        querystring: Type.Object(pageQuery(defaultLimit, exampleCursors.time)),
        response: { 200: listOf(deliverySchema, 'One page of deliveries.') },
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
      config: { scope: 'admin', problems: ['unknown_webhook', ...commandProblems] },
      schema: {
        operationId: 'redeliver',
        summary: 'Retry a delivery',
        description: 'Sends a delivery again, delivered or failed.',
        tags,
        params,
        body: Type.Object(
          { deliveryId: deliveryIdField },
          {
            additionalProperties: false,
            title: 'RedeliverRequest',
            description: 'Delivery to send again.',
            examples: [{ deliveryId: exampleDelivery }],
          },
        ),
        response: {
          202: Type.Object(
            { deliveryId: deliveryIdField },
            { description: 'The delivery is due again.' },
          ),
        },
      },
    },
    async ({ params: { id }, body: { deliveryId } }, reply) => {
      requireWebhook(id)
      if (ledger.get().webhooks.delivery(deliveryId)?.webhookId !== id) {
        throw new ScriptoriumError('unknown_webhook', `the webhook has no delivery ${deliveryId}`)
      }
      await command({ kind: 'redeliver', webhookId: id, deliveryId })
      return reply.code(202).send({ deliveryId })
    },
  )
}

/** Throws `invalid_request` for a URL that cannot receive deliveries. */
function requireReceiver(text: string): void {
  const url = URL.parse(text)
  if (url === null) throw new ScriptoriumError('invalid_request', 'url must be a URL')
  if (url.username === '' && url.password === '') return
  const message = 'url must not contain credentials; deliveries are signed instead'
  throw new ScriptoriumError('invalid_request', message)
}

/** Subscriptions of earlier versions may have credentials in their URL, which are never shown. */
const showWebhook = (webhook: Webhook): Webhook => {
  const url = URL.parse(webhook.url)
  if (url === null || (url.username === '' && url.password === '')) return webhook
  url.username = '***'
  url.password = ''
  return { ...webhook, url: url.href }
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
