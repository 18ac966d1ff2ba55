import { Type } from '@sinclair/typebox'
import {
  boundedList,
  idText,
  tagText,
  urlText,
} from '../../../../shared/contract/schema/bounded.ts'
import { described, timeOf } from '../../../../shared/contract/schema/described.ts'
import { webhookEvents, type Webhook } from '../../../../shared/contract/webhook.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { orNull } from '../../schemas/document.ts'
import type { Context } from '../context.ts'

export const exampleWebhookId = 'w3b241101e2bb42558caf4136c566a962'
export const exampleWebhookUrl = 'https://example.org/hooks/scriptorium'

export const webhookParams = Type.Object({
  id: described(Type.String({ minLength: 1, maxLength: 100 }), 'Webhook id.', exampleWebhookId),
})

export const webhookFields = {
  id: described(idText, 'Webhook id.', exampleWebhookId),
  url: described(urlText, 'Address that receives the deliveries.', exampleWebhookUrl),
  events: described(boundedList(oneOf(webhookEvents), 100), 'Subscribed events.', ['run.finished']),
  tag: described(
    orNull(tagText),
    'Only documents and runs with this tag; null for all.',
    'invoices',
  ),
  createdAt: timeOf('Time of the subscription.'),
}

/** Returns a webhook. Throws `unknown_webhook`. */
export function requireWebhook({ ledger }: Context, id: string): Webhook {
  const webhook = ledger.get().webhooks.get(id)
  if (webhook !== undefined) return webhook
  throw new ScriptoriumError('unknown_webhook', `unknown webhook ${id}`)
}
