import type { App, Context } from '../context.ts'
import { pageImageRoute } from './image.ts'
import { revisionsRoute } from './revisions.ts'
import { pageTextRoutes } from './text.ts'

/** Single pages of documents. */
export function pageRoutes(app: App, context: Context): void {
  pageImageRoute(app, context)
  pageTextRoutes(app, context)
  revisionsRoute(app, context)
}
