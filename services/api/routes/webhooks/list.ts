import { Type } from '@sinclair/typebox'
import { longList } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import type { Webhook } from '../../../../shared/contract/webhook.ts'
import type { App, Context } from '../context.ts'
import { webhookFields } from './webhook.ts'

const webhookViewSchema = Type.Object(webhookFields, {
  title: 'Webhook',
  description: 'Subscription.',
})

/** `GET /v1/webhooks`. */
export function listWebhooksRoute(app: App, context: Context): void {
  const { ledger } = context
  app.get(
    '/v1/webhooks',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listWebhooks',
        summary: 'List webhooks',
        description: 'All subscriptions, without their secrets.',
        tags: ['Webhooks'],
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
}

/** Subscriptions of earlier versions may have credentials in their URL, which are never shown. */
const showWebhook = (webhook: Webhook): Webhook => {
  const url = URL.parse(webhook.url)
  if (url === null || (url.username === '' && url.password === '')) return webhook
  url.username = '***'
  url.password = ''
  return { ...webhook, url: url.href }
}
