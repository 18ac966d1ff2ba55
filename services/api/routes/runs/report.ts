import { runReportSchema } from '../../../../shared/contract/report.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { runParams } from '../../schemas/common.ts'
import { shownReport } from '../../views/shown.ts'
import { requireRun, type App, type Context } from '../context.ts'

/** `GET /v1/runs/{id}/report`. */
export function runReportRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id/report',
    {
      config: { scope: 'read', problems: ['unknown_run', 'not_finished', 'aggregator_missing'] },
      schema: {
        operationId: 'getRunReport',
        summary: "Get a run's report",
        description:
          'Outcomes, throughput, workers, slowest and least confident pages of a folder run that has ended.',
        tags: ['Runs'],
        params: runParams,
        response: { 200: runReportSchema },
      },
    },
    async ({ params }) => {
      const run = await requireRun(context, params.id)
      const report = context.runs.reportOf(run)
      if (report === undefined) {
        if (run.state === 'active' && run.request.source !== 'upload') {
          throw new ScriptoriumError(
            'not_finished',
            'the run is active; its report is written at its end',
          )
        }
        throw new ScriptoriumError(
          'unknown_run',
          'this run has no report; only folder runs have one',
        )
      }
      const { root, path } = await context.runs.show(run)
      return shownReport(report, `${root ?? ''}/${path ?? ''}`)
    },
  )
}
