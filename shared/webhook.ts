import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from './one-of.ts'

/** What can be subscribed to. */
export const webhookEvents = ['document.finished', 'run.finished'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

/** One subscription: who is told about what. */
export const webhookSchema = Type.Object(
  {
    id: Type.String(),
    url: Type.String(),
    events: Type.Array(oneOf(webhookEvents), { minItems: 1 }),
    /** Only documents and runs with this tag; null for all. */
    tag: Type.Union([Type.String(), Type.Null()]),
    /** Key of the deliveries' HMAC-SHA256. */
    secret: Type.String(),
    createdAt: Type.String(),
  },
  { additionalProperties: false },
)
export type Webhook = Static<typeof webhookSchema>
