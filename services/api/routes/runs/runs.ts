import type { App, Context } from '../context.ts'
import { cancelRunRoute } from './cancel.ts'
import { runDocumentsRoute } from './documents.ts'
import { runFailuresRoute } from './failures.ts'
import { getRunRoute } from './get.ts'
import { listRunsRoute } from './list.ts'
import { runReportRoute } from './report.ts'
import { runResultsRoute } from './results.ts'
import { resumeRunRoute } from './resume.ts'
import { retryRunRoute, retryWarnedRoute } from './retry.ts'
import { listRootsRoute } from './roots.ts'
import { startRunRoute } from './start.ts'

/** Runs: of folders and of uploads. */
export function runRoutes(app: App, context: Context): void {
  listRootsRoute(app, context)
  startRunRoute(app, context)
  listRunsRoute(app, context)
  getRunRoute(app, context)
  runDocumentsRoute(app, context)
  runFailuresRoute(app, context)
  runReportRoute(app, context)
  runResultsRoute(app, context)
  cancelRunRoute(app, context)
  resumeRunRoute(app, context)
  retryRunRoute(app, context)
  retryWarnedRoute(app, context)
}
