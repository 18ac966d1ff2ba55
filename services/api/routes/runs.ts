import { Type } from '@sinclair/typebox'
import { defaultFormats, formats } from '../../../shared/contract/result/formats.ts'
import { ScriptoriumError, isErrorCode } from '../../../shared/process/errors.ts'
import { newRunId } from '../../../shared/contract/ids.ts'
import { runStates } from '../../../shared/contract/messages/progress.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { parseMaxFailures } from '../../../shared/contract/max-failures.ts'
import { createEventTurns } from '../../../shared/process/event-turns.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { canonicalRecipe, defaultRecipe } from '../../../shared/contract/recipe.ts'
import { runReportSchema } from '../../../shared/contract/report.ts'
import { callerOf } from '../http/auth.ts'
import { checkTimeout } from '../limits/scope-limits.ts'
import { fromCursor, fromIsoCursor, toPage } from '../views/cursor.ts'
import { findOutput } from '../intake/output-folder.ts'
import { checkGlobs, checkLabels, checkRecipe } from '../intake/check-options.ts'
import { findPlace } from '../state/roots.ts'
import { countFailed } from '../views/run-view.ts'
import {
  answerOf,
  exampleCursors,
  listOf,
  locationOf,
  pageQuery,
  refTo,
  runParams,
  tagFilter,
} from '../schemas/common.ts'
import { admissionProblems, commandProblems, recipeProblems } from '../schemas/problem-codes.ts'
import { documentViewSchema } from '../schemas/document.ts'
import { runBodySchema, type RunBody } from '../schemas/options.ts'
import { runViewSchema, type RunView } from '../schemas/run.ts'
import { shownReport } from '../views/shown.ts'
import { waitUntil } from '../state/wait.ts'
import { findRun, requireFreeFolder, requireRun, type App, type Context } from './context.ts'
import { actionSchema, resumeRoute, runAnswer } from './run-resume.ts'
import { runResultsRoute } from './run-results.ts'
import { described, exampleRunId } from '../../../shared/contract/schema/described.ts'

const tags = ['Runs']
const defaultLimit = 50
const beginSeconds = 10
/** Two hundred globs and fifty labels, each as long as it may be. */
const maxRunBytes = 2 ** 20
const notBegun = 'the aggregator did not start the run in time; send the request again'

/** Runs: of folders and of uploads. */
export function runRoutes(app: App, context: Context): void {
  startRoute(app, context)
  listRoute(app, context)
  getRoutes(app, context)
  runResultsRoute(app, context)
  actionRoutes(app, context)
}

async function showRun(context: Context, id: string): Promise<RunView> {
  return context.runs.show(await requireRun(context, id))
}

function startRoute(app: App, context: Context): void {
  app.post(
    '/v1/runs',
    {
      config: {
        scope: 'submit',
        problems: [
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
        ],
      },
      bodyLimit: maxRunBytes,
      schema: {
        operationId: 'startRun',
        summary: 'Start a folder run',
        description:
          'Reads a folder below an allow-listed root. Documents that were read before are skipped.',
        tags,
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
      const request = toRequest(context, body, requestId, caller)
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

function toRequest(
  { config, roots }: Context,
  body: RunBody,
  requestId: string,
  caller: string,
): FolderRequest {
  checkGlobs({ include: body.include, exclude: body.exclude })
  const { folder, input, path } = findPlace(roots, body.root, body.path ?? '')
  return {
    runId: newRunId(),
    root: folder,
    inputs: [input],
    pathsInRedis: false,
    out: findOutput(config, body.root, path),
    include: body.include ?? [],
    exclude: body.exclude ?? [],
    includeHidden: body.includeHidden ?? false,
    follow: false,
    formats: formats.filter((format) => (body.formats ?? defaultFormats).includes(format)),
    combined: body.combined ?? false,
    recipe: canonicalRecipe(checkRecipe({ ...defaultRecipe, ...body.recipe })),
    attempts: body.attempts ?? 3,
    timeoutMs: body.timeoutMs ?? 0,
    // Omitted at its default, because an older aggregator rejects unknown fields.
    ...(body.onExists !== undefined && body.onExists !== 'fail' && { onExists: body.onExists }),
    force: body.force ?? false,
    retryFailed: body.retryFailed ?? false,
    checksum: body.checksum ?? false,
    dryRun: false,
    ...failureOptions(body),
    ...(body.pdfPassword !== undefined && { hasPdfPassword: true }),
    requestedBy: caller,
    source: 'folder',
    priority: body.priority ?? 'bulk',
    labels: checkLabels({ tag: body.tag ?? null, metadata: body.metadata ?? {} }),
    requestId,
  }
}

function failureOptions({
  maxFailures,
  canary = 0,
}: RunBody): Pick<FolderRequest, 'maxFailures' | 'canary'> {
  const limit = maxFailures === undefined ? undefined : parseMaxFailures(maxFailures)
  return { ...(limit !== undefined && { maxFailures: limit }), ...(canary > 0 && { canary }) }
}

function listRoute(app: App, { ledger, runs }: Context): void {
  app.get(
    '/v1/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'List runs',
        description: 'Newest first.',
        tags,
        querystring: Type.Object({
          state: Type.Optional(described(oneOf(runStates), 'Only runs in this state.', 'active')),
          source: Type.Optional(
            described(oneOf(['folder', 'upload']), 'Only runs of this origin.', 'folder'),
          ),
          tag: tagFilter,
          ...pageQuery(defaultLimit, exampleCursors.isoTime),
        }),
        response: { 200: listOf(refTo(runViewSchema), 'One page of runs.') },
      },
    },
    async ({ query: { limit = defaultLimit, cursor, ...filter } }) => {
      const found = ledger.get().listing.runs(filter, fromIsoCursor(cursor), limit + 1)
      const { entries, nextCursor } = toPage(found, limit, ({ startedAt: time, id }) => ({
        time,
        id,
      }))
      const items: RunView[] = []
      const turns = createEventTurns()
      for (const run of entries) {
        items.push(await runs.show(run))
        await turns.give()
      }
      return { items, nextCursor }
    },
  )
}

function getRoutes(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'getRun',
        summary: "Get a run's state",
        description: 'State, counts, throughput and estimates.',
        tags,
        params: runParams,
        response: { 200: runAnswer },
      },
    },
    async ({ params: { id } }) => {
      const isRecorded = (await findRun(context, id)) !== undefined
      return (isRecorded ? undefined : await context.runs.standIn(id)) ?? showRun(context, id)
    },
  )
  app.get(
    '/v1/runs/:id/documents',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'listRunDocuments',
        summary: "List a run's documents",
        description: 'Newest first.',
        tags,
        params: runParams,
        querystring: Type.Object(pageQuery(defaultLimit, exampleCursors.time)),
        response: { 200: listOf(refTo(documentViewSchema), 'One page of documents.') },
      },
    },
    async ({ params, query: { limit = defaultLimit, cursor } }) => {
      const { id, request } = await requireRun(context, params.id)
      const { listing } = context.ledger.get()
      const filter = { run: { id, source: request.source ?? 'folder' } }
      const rows = listing.documents(filter, fromCursor(cursor), limit + 1)
      const page = toPage(rows, limit, ({ createdAt: time, id: last }) => ({ time, id: last }))
      return { items: await context.documents.ofRows(page.entries), nextCursor: page.nextCursor }
    },
  )
  app.get(
    '/v1/runs/:id/report',
    {
      config: { scope: 'read', problems: ['unknown_run', 'not_finished', 'aggregator_missing'] },
      schema: {
        operationId: 'getRunReport',
        summary: "Get a run's report",
        description:
          'Outcomes, throughput, workers, slowest and least confident pages of a folder run that has ended.',
        tags,
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

function actionRoutes(app: App, context: Context): void {
  app.post(
    '/v1/runs/:id/cancel',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_run', 'already_finished', ...commandProblems],
      },
      schema: {
        ...actionSchema(
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
      await context.command({ kind: 'cancelRun', runId: id })
      return showRun(context, id)
    },
  )
  resumeRoute(app, context)
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
        ...actionSchema(
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
