import type { App, Context } from '../context.ts'
import { addRoute } from './add.ts'
import { deliveriesRoute, redeliverRoute } from './deliveries.ts'
import { listRoute } from './list.ts'
import { removeRoute } from './remove.ts'

/** Webhooks: subscriptions to the ends of documents and runs. */
export function webhookRoutes(app: App, context: Context): void {
  addRoute(app, context)
  listRoute(app, context)
  removeRoute(app, context)
  deliveriesRoute(app, context)
  redeliverRoute(app, context)
}
