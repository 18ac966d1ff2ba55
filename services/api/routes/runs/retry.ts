import { Type } from '@sinclair/typebox'
import type { Command } from '../../../../shared/contract/messages/command.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Run } from '../../../ledger/runs.ts'
import { callerOf } from '../../http/auth.ts'
import { admissionProblems, commandProblems } from '../../schemas/problem-codes.ts'
import type { RunView } from '../../schemas/run.ts'
import { countFailed } from '../../views/run-view.ts'
import { requireFreeFolder, requireRun, type App, type Context } from '../context.ts'
import { failuresOf } from './failures.ts'
import { showRun, runActionSchema, runAnswer } from './run-answer.ts'

interface Retry {
  path: 'retry-failed' | 'retry-warned'
  schema: ReturnType<typeof runActionSchema>
  query: typeof codeQuery
  command: (runId: string, code: string | undefined) => Command
  /** Whether the run, which has ended, has documents to read again. */
  hasAny: (context: Context, run: Run, view: RunView, code: string | undefined) => boolean
  /** The answer if it has none. */
  none: string
}

const codeQuery = Type.Unsafe<{ error?: string }>(
  Type.Object({
    error: Type.Optional(
      described(
        Type.String({ minLength: 1, maxLength: 100 }),
        'Only documents with this error code. Default: all that failed or were cancelled.',
        'corrupt_image',
      ),
    ),
  }),
)
const noQuery: typeof codeQuery = Type.Unsafe(Type.Object({}))

/** `POST /v1/runs/{id}/retry-failed`. */
export const retryRunRoute = (app: App, context: Context): void =>
  retryRoute(app, context, {
    path: 'retry-failed',
    schema: runActionSchema(
      'retryRun',
      "Retry a run's failed documents",
      'Reads the failed and cancelled documents of the run again. Planning many of them goes on after the response.',
    ),
    query: codeQuery,
    command: (runId, code) => ({ kind: 'retryRun', runId, ...(code !== undefined && { code }) }),
    hasAny: (records, { id }, { counts }, code) =>
      code === undefined
        ? countFailed(counts) + (counts['cancelled'] ?? 0) > 0
        : failuresOf(records, id).some((failure) => failure.code === code),
    none: 'no document of the run failed or was cancelled in this way',
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
    query: noQuery,
    command: (runId) => ({ kind: 'retryWarned', runId }),
    hasAny: ({ ledger }, { id }) => ledger.get().documents.hasImprovable(id),
    none: 'no document of the run has the warning reading_given_up',
  })

function retryRoute(
  app: App,
  context: Context,
  { path, schema, query, command, hasAny, none }: Retry,
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
      schema: {
        ...schema,
        querystring: query,
        response: { 202: runAnswer },
      },
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
      const { error: code } = given.query
      if (!hasAny(context, run, view, code)) throw new ScriptoriumError('already_finished', none)
      requireFreeFolder(context, run.request)
      await context.admission.require(callerOf(given))
      await context.command(command(id, code), { isLengthy: true })
      return reply.code(202).send(await showRun(context, id))
    },
  )
}
