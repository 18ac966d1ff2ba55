import type { App, Context } from '../context.ts'
import { cancelDocumentRoute } from './cancel.ts'
import { checkDocumentsRoute } from './check.ts'
import { deleteDocumentRoute } from './delete.ts'
import { getDocumentRoute } from './get.ts'
import { listDocumentsRoute } from './list.ts'
import { resultRoute } from './result.ts'
import { retryDocumentRoute } from './retry.ts'
import { submitRoute } from './submit.ts'

/** Documents: upload, get one, list many, cancel, retry and delete. */
export function documentRoutes(app: App, context: Context): void {
  submitRoute(app, context)
  listDocumentsRoute(app, context)
  getDocumentRoute(app, context)
  checkDocumentsRoute(app, context)
  cancelDocumentRoute(app, context)
  retryDocumentRoute(app, context)
  deleteDocumentRoute(app, context)
  resultRoute(app, context)
}
