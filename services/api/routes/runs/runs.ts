import type { App, Context } from '../context.ts'
import { cancelRoute } from './cancel.ts'
import { documentsRoute } from './documents.ts'
import { getRoute } from './get.ts'
import { listRoute } from './list.ts'
import { reportRoute } from './report.ts'
import { runResultsRoute } from './results.ts'
import { resumeRoute } from './resume.ts'
import { retryRoute } from './retry.ts'
import { startRoute } from './start.ts'

/** Runs: of folders and of uploads. */
export function runRoutes(app: App, context: Context): void {
  startRoute(app, context)
  listRoute(app, context)
  getRoute(app, context)
  documentsRoute(app, context)
  reportRoute(app, context)
  runResultsRoute(app, context)
  cancelRoute(app, context)
  resumeRoute(app, context)
  retryRoute(app, context)
}
