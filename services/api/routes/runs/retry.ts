import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { admissionProblems, commandProblems } from '../../schemas/problem-codes.ts'
import { countFailed } from '../../views/run-view.ts'
import { requireFreeFolder, requireRun, type App, type Context } from '../context.ts'
import { showRun, runActionSchema, runAnswer } from './run-answer.ts'

/** `POST /v1/runs/{id}/retry-failed`. */
export function retryRunRoute(app: App, context: Context): void {
  app.post(
    '/v1/runs/:id/retry-failed',
    {
      config: {
        scope: 'submit',
        problems: [
          'unknown_run',
          'run_active',
          'not_finished',
          'already_finished',
          ...admissionProblems,
          ...commandProblems,
        ],
      },
      schema: {
        ...runActionSchema(
          'retryRun',
          "Retry a run's failed documents",
          'Reads the failed and cancelled documents of the run again.',
        ),
        response: { 202: runAnswer },
      },
    },
    async (given, reply) => {
      const { id } = given.params
      const { state, counts } = await showRun(context, id)
      context.ownership.requireRun(callerOf(given), await requireRun(context, id))
      if (state === 'active')
        throw new ScriptoriumError('run_active', 'the run is active; wait for its end')
      if (state === 'paused')
        throw new ScriptoriumError('not_finished', 'the run is paused; resume it first')
      if (countFailed(counts) + (counts['cancelled'] ?? 0) === 0) {
        throw new ScriptoriumError(
          'already_finished',
          'no document of the run failed or was cancelled',
        )
      }
      const { request } = await requireRun(context, id)
      requireFreeFolder(context, request)
      await context.admission.require(callerOf(given))
      await context.command({ kind: 'retryRun', runId: id })
      return reply.code(202).send(await showRun(context, id))
    },
  )
}
