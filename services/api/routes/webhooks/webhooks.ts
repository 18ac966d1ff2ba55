import type { App, Context } from '../context.ts'
import { addWebhookRoute } from './add.ts'
import { deliveriesRoute, redeliverRoute } from './deliveries.ts'
import { listWebhooksRoute } from './list.ts'
import { removeWebhookRoute } from './remove.ts'

/** Webhooks: subscriptions to the ends of documents and runs. */
export function webhookRoutes(app: App, context: Context): void {
  addWebhookRoute(app, context)
  listWebhooksRoute(app, context)
  removeWebhookRoute(app, context)
  deliveriesRoute(app, context)
  redeliverRoute(app, context)
}
