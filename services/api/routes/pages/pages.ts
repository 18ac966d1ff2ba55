import type { App, Context } from '../context.ts'
import { pageImageRoute } from './image.ts'

/** Single pages of documents. */
export function pageRoutes(app: App, context: Context): void {
  pageImageRoute(app, context)
}
