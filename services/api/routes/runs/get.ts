import { runParams } from '../../schemas/common.ts'
import { type App, type Context, findRun } from '../context.ts'
import { showRun, runAnswer } from './run-answer.ts'

/** `GET /v1/runs/{id}`. */
export function getRunRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'getRun',
        summary: "Get a run's state",
        description: 'State, counts, throughput and estimates.',
        tags: ['Runs'],
        params: runParams,
        response: { 200: runAnswer },
      },
    },
    async ({ params: { id } }) => {
      const isRecorded = (await findRun(context, id)) !== undefined
      return (isRecorded ? undefined : await context.runs.standIn(id)) ?? showRun(context, id)
    },
  )
}
