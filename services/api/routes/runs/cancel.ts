import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import { requireRun, type App, type Context } from '../context.ts'
import { showRun, runActionSchema, runAnswer } from './run-answer.ts'

/** `POST /v1/runs/{id}/cancel`. */
export function cancelRunRoute(app: App, context: Context): void {
  app.post(
    '/v1/runs/:id/cancel',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_run', 'already_finished', ...commandProblems],
      },
      schema: {
        ...runActionSchema(
          'cancelRun',
          'Cancel a run',
          'Documents that are not read yet end with the outcome `cancelled`.',
        ),
        response: { 200: runAnswer },
      },
    },
    async (request) => {
      const { id } = request.params
      const { state } = await showRun(context, id)
      context.ownership.requireRun(callerOf(request), await requireRun(context, id))
      if (state !== 'active') {
        throw new ScriptoriumError(
          'already_finished',
          `the run is ${state}; only active runs can be cancelled`,
        )
      }
      await context.command({ kind: 'cancelRun', runId: id }, { isLengthy: true })
      return showRun(context, id)
    },
  )
}
