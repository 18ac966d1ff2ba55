import { Type } from '@sinclair/typebox'
import { described } from '../../../../shared/contract/schema/described.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'
import { webhookParams, requireWebhook } from './webhook.ts'

/** `DELETE /v1/webhooks/{id}`. */
export function removeWebhookRoute(app: App, context: Context): void {
  const { command } = context
  app.delete(
    '/v1/webhooks/:id',
    {
      config: { scope: 'admin', problems: ['unknown_webhook', ...commandProblems] },
      schema: {
        operationId: 'removeWebhook',
        summary: 'Delete a webhook',
        description: 'Ends the subscription and drops its pending deliveries.',
        tags: ['Webhooks'],
        params: webhookParams,
        response: { 204: described(Type.Null(), 'The webhook is deleted.') },
      },
    },
    async ({ params: { id } }, reply) => {
      requireWebhook(context, id)
      await command({ kind: 'removeWebhook', webhookId: id })
      return reply.code(204).send(null)
    },
  )
}
