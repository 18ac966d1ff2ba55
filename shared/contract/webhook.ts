import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from '../process/one-of.ts'
import { idText, messageText, tagText, urlText } from './schema/bounded.ts'

/** Events that a webhook can subscribe to. */
export const webhookEvents = ['document.finished', 'run.finished'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

/** One subscription: the receiver's URL and its events. */
export const webhookSchema = Type.Object(
  {
    id: idText,
    url: urlText,
    events: Type.Array(oneOf(webhookEvents), { minItems: 1, maxItems: 100 }),
    /** Only documents and runs with this tag; null for all. */
    tag: Type.Union([tagText, Type.Null()]),
    /** Key of the deliveries' HMAC-SHA256. */
    secret: messageText,
    createdAt: idText,
  },
  { additionalProperties: false },
)
export type Webhook = Static<typeof webhookSchema>
