import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Run } from '../../../ledger/runs.ts'
import { callerOf } from '../../http/auth.ts'
import { admissionProblems, commandProblems } from '../../schemas/problem-codes.ts'
import type { RunView } from '../../schemas/run.ts'
import { countFailed } from '../../views/run-view.ts'
import { requireFreeFolder, requireRun, type App, type Context } from '../context.ts'
import { showRun, runActionSchema, runAnswer } from './run-answer.ts'

interface Retry {
  path: 'retry-failed' | 'retry-warned'
  schema: ReturnType<typeof runActionSchema>
  command: 'retryRun' | 'retryWarned'
  /** Whether the run, which has ended, has documents to read again. */
  hasAny: (context: Context, run: Run, view: RunView) => boolean
  /** The answer if it has none. */
  none: string
}

/** `POST /v1/runs/{id}/retry-failed`. */
export const retryRunRoute = (app: App, context: Context): void =>
  retryRoute(app, context, {
    path: 'retry-failed',
    schema: runActionSchema(
      'retryRun',
      "Retry a run's failed documents",
      'Reads the failed and cancelled documents of the run again.',
    ),
    command: 'retryRun',
    hasAny: (_context, _run, { counts }) => countFailed(counts) + (counts['cancelled'] ?? 0) > 0,
    none: 'no document of the run failed or was cancelled',
  })

/** `POST /v1/runs/{id}/retry-warned`. */
export const retryWarnedRoute = (app: App, context: Context): void =>
  retryRoute(app, context, {
    path: 'retry-warned',
    schema: runActionSchema(
      'retryWarned',
      "Retry a run's given-up readings",
      'Reads the pages of the run again that have the warning `reading_given_up`. Their text stays unless it gets better.',
    ),
    command: 'retryWarned',
    hasAny({ ledger }, { id, request }) {
      const run = { id, source: request.source ?? 'folder' }
      const filter = { run, isFinal: true, warning: 'reading_given_up' } as const
      return ledger.get().listing.documents(filter, undefined, 1).length > 0
    },
    none: 'no document of the run has the warning reading_given_up',
  })

function retryRoute(
  app: App,
  context: Context,
  { path, schema, command, hasAny, none }: Retry,
): void {
  app.post(
    `/v1/runs/:id/${path}`,
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
      schema: { ...schema, response: { 202: runAnswer } },
    },
    async (given, reply) => {
      const { id } = given.params
      const run = await requireRun(context, id)
      const view = await context.runs.show(run)
      const { state } = view
      context.ownership.requireRun(callerOf(given), run)
      if (state === 'active')
        throw new ScriptoriumError('run_active', 'the run is active; wait for its end')
      if (state === 'paused')
        throw new ScriptoriumError('not_finished', 'the run is paused; resume it first')
      if (!hasAny(context, run, view)) throw new ScriptoriumError('already_finished', none)
      requireFreeFolder(context, run.request)
      await context.admission.require(callerOf(given))
      await context.command({ kind: command, runId: id })
      return reply.code(202).send(await showRun(context, id))
    },
  )
}
