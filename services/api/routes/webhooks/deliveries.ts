import { Type } from '@sinclair/typebox'
import { idText, messageText } from '../../../../shared/contract/schema/bounded.ts'
import { described, timeOf } from '../../../../shared/contract/schema/described.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { exampleCursors, listOf, pageQuery } from '../../schemas/common.ts'
import { orNull, timeOrNull } from '../../schemas/document.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import { fromCursor, toPage } from '../../views/cursor.ts'
import type { App, Context } from '../context.ts'
import { webhookParams, requireWebhook } from './webhook.ts'

const defaultLimit = 50

const exampleDelivery = 'e1d8a7c05f4b4a0c9b7e6d5c4b3a2f10'
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

/** `GET /v1/webhooks/{id}/deliveries`. */
export function deliveriesRoute(app: App, context: Context): void {
  const { ledger } = context
  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: { scope: 'admin', problems: ['unknown_webhook'] },
      schema: {
        operationId: 'listDeliveries',
        summary: "List a webhook's deliveries",
        description: 'Delivered, pending and failed deliveries, newest first.',
        tags: ['Webhooks'],
        params: webhookParams,
        querystring: Type.Object(pageQuery(defaultLimit, exampleCursors.time)),
        response: { 200: listOf(deliverySchema, 'One page of deliveries.') },
      },
    },
    async ({ params: { id }, query: { limit = defaultLimit, cursor } }) => {
      requireWebhook(context, id)
      const found = ledger.get().webhooks.deliveries(id, limit + 1, fromCursor(cursor))
      const page = toPage(found, limit, ({ createdAt: time, id: last }) => ({ time, id: last }))
      return { items: page.entries.map(showDelivery), nextCursor: page.nextCursor }
    },
  )
}

/** `POST /v1/webhooks/{id}/redeliver`. */
export function redeliverRoute(app: App, context: Context): void {
  const { ledger, command } = context
  app.post(
    '/v1/webhooks/:id/redeliver',
    {
      config: { scope: 'admin', problems: ['unknown_webhook', ...commandProblems] },
      schema: {
        operationId: 'redeliver',
        summary: 'Retry a delivery',
        description: 'Sends a delivery again, delivered or failed.',
        tags: ['Webhooks'],
        params: webhookParams,
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
      requireWebhook(context, id)
      if (ledger.get().webhooks.delivery(deliveryId)?.webhookId !== id) {
        throw new ScriptoriumError('unknown_webhook', `the webhook has no delivery ${deliveryId}`)
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
