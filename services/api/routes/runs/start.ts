import { exampleRunId } from '../../../../shared/contract/schema/described.ts'
import { ScriptoriumError, isErrorCode } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { checkTimeout } from '../../limits/scope-limits.ts'
import { answerOf, refTo, locationOf } from '../../schemas/common.ts'
import { runBodySchema } from '../../schemas/options.ts'
import {
  admissionProblems,
  commandProblems,
  recipeProblems,
  type ProblemCode,
} from '../../schemas/problem-codes.ts'
import { runViewSchema } from '../../schemas/run.ts'
import { waitUntil } from '../../state/wait.ts'
import { requireFreeFolder, type App, type Context } from '../context.ts'
import { toFolderRequest } from './folder-request.ts'
import { showRun } from './run-answer.ts'

const beginSeconds = 10
/** Two hundred globs and fifty labels, each of the maximum length. */
const maxRunBytes = 2 ** 20
const notBegun = 'the aggregator did not start the run in time; send the request again'

const problems = [
  'unknown_root',
  'not_found',
  'permission_denied',
  'path_outside_root',
  'run_active',
  'output_exists',
  'output_unwritable',
  'input_unreadable',
  ...recipeProblems,
  ...admissionProblems,
  ...commandProblems,
] as const satisfies ProblemCode[]

/** `POST /v1/runs`. */
export function startRunRoute(app: App, context: Context): void {
  app.post(
    '/v1/runs',
    {
      config: {
        scope: 'submit',
        problems,
      },
      bodyLimit: maxRunBytes,
      schema: {
        operationId: 'startRun',
        summary: 'Start a folder run',
        description:
          'Reads a folder below an allow-listed root. Documents that were read before are skipped.',
        tags: ['Runs'],
        body: runBodySchema,
        response: {
          202: answerOf(
            'The run has started and is stored durably.',
            refTo(runViewSchema),
            locationOf('Path of the run.', `/v1/runs/${exampleRunId}`),
          ),
        },
      },
    },
    async (given, reply) => {
      const { body, id: requestId, caller } = given
      checkTimeout(context, given, body.timeoutMs, '/timeoutMs')
      await context.admission.require(callerOf(given))
      context.admission.requireRun(callerOf(given))
      const request = toFolderRequest(context, body, requestId, caller)
      const { runs } = context.ledger.get()
      requireFreeFolder(context, request)
      if (body.pdfPassword !== undefined) {
        await context.pdfPasswords.keep(request.runId, body.pdfPassword)
      }
      await context.command({ kind: 'start', request })
      const hasBegun = await waitUntil(async () => {
        const refusal = await context.runs.refusal(request.runId)
        if (refusal != null) throw refusedBy(refusal)
        return runs.get(request.runId) !== undefined
      }, beginSeconds)
      // 202 promises that the run survives everything, and only runs in the ledger do.
      if (!hasBegun) throw new ScriptoriumError('aggregator_missing', notBegun)
      const view = await showRun(context, request.runId)
      return reply.code(202).header('location', view.links.self).send(view)
    },
  )
}

const refusedBy = ({ code, message }: { code: string; message: string }): ScriptoriumError =>
  new ScriptoriumError(isErrorCode(code) ? code : 'internal', message)
