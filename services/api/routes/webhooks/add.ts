import { randomBytes, randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { messageText } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import { webhookEvents, type Webhook } from '../../../../shared/contract/webhook.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { answerOf, locationOf } from '../../schemas/common.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'
import { exampleWebhookId, exampleWebhookUrl, webhookFields } from './webhook.ts'

const createdSchema = Type.Object(
  {
    ...webhookFields,
    secret: described(
      messageText,
      'HMAC-SHA256 key of the signatures. This response is the only one that holds it.',
      'Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgc2VjcmV0IQ',
    ),
  },
  { title: 'CreatedWebhook', description: 'New subscription with its secret.' },
)

const bodySchema = Type.Object(
  {
    url: described(
      Type.String({ pattern: '^https?://', maxLength: 2_000 }),
      'Address, http or https, without credentials.',
      exampleWebhookUrl,
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
    examples: [{ url: exampleWebhookUrl, events: ['run.finished'] }],
  },
)

/** `POST /v1/webhooks`. */
export function addWebhookRoute(app: App, context: Context): void {
  const { ledger, command, limits } = context
  app.post(
    '/v1/webhooks',
    {
      config: { scope: 'admin', problems: ['too_many_webhooks', ...commandProblems] },
      schema: {
        operationId: 'addWebhook',
        summary: 'Add a webhook',
        description:
          'Subscribes an address to the end of documents and runs. The response holds the secret of the signatures.',
        tags: ['Webhooks'],
        body: bodySchema,
        response: {
          201: answerOf(
            'The subscription with its secret.',
            createdSchema,
            locationOf('Path of the webhook.', `/v1/webhooks/${exampleWebhookId}`),
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
}

/** Throws `invalid_request` for a URL that cannot receive deliveries. */
function requireReceiver(text: string): void {
  const url = URL.parse(text)
  if (url === null) throw new ScriptoriumError('invalid_request', 'url must be a URL')
  if (url.username === '' && url.password === '') return
  const message = 'url must not contain credentials; deliveries are signed instead'
  throw new ScriptoriumError('invalid_request', message)
}
