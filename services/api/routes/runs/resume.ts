import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Run } from '../../../ledger/runs.ts'
import { callerOf } from '../../http/auth.ts'
import { commandProblems, recipeProblems } from '../../schemas/problem-codes.ts'
import { requireFreeFolder, requireRun, type App, type Context } from '../context.ts'
import { runActionSchema, runAnswer } from './run-answer.ts'

/** Resumes paused runs. */
export function resumeRunRoute(app: App, context: Context): void {
  app.post(
    '/v1/runs/:id/resume',
    {
      config: {
        scope: 'submit',
        problems: [
          'unknown_run',
          'run_active',
          'already_finished',
          ...recipeProblems,
          ...commandProblems,
        ],
      },
      schema: {
        ...runActionSchema(
          'resumeRun',
          'Resume a paused run',
          '`pause` of the run holds the reason for the pause and its cure.',
        ),
        response: { 202: runAnswer },
      },
    },
    async (given, reply) => {
      const { id } = given.params
      const run = await requireRun(context, id)
      context.ownership.requireRun(callerOf(given), run)
      const { request } = requirePaused(run)
      requireFreeFolder(context, request)
      await context.identities(request.recipe) // Names the missing language, if any.
      await context.command({ kind: 'resumeRun', runId: id })
      return reply.code(202).send(await context.runs.show(await requireRun(context, id)))
    },
  )
}

function requirePaused(run: Run): Run {
  if (run.state === 'paused') return run
  if (run.state === 'active')
    throw new ScriptoriumError('run_active', 'the run is active; only paused runs can be resumed')
  throw new ScriptoriumError(
    'already_finished',
    `the run is ${run.state}; start a new run, which skips documents that were read`,
  )
}
