import type { App, Context } from '../context.ts'
import { cancelRoute } from './cancel.ts'
import { checkRoute } from './check.ts'
import { deleteRoute } from './delete.ts'
import { getRoute } from './get.ts'
import { listRoute } from './list.ts'
import { resultRoute } from './result.ts'
import { retryRoute } from './retry.ts'
import { submitRoute } from './submit.ts'

/** Documents: upload, get one, list many, cancel, retry and delete. */
export function documentRoutes(app: App, context: Context): void {
  submitRoute(app, context)
  listRoute(app, context)
  getRoute(app, context)
  checkRoute(app, context)
  cancelRoute(app, context)
  retryRoute(app, context)
  deleteRoute(app, context)
  resultRoute(app, context)
}
