import { Type } from '@sinclair/typebox'
import { defaultFormats, formats } from '../../../shared/contract.ts'
import { ScriptoriumError, isErrorCode } from '../../../shared/errors.ts'
import { newRunId } from '../../../shared/ids.ts'
import { runStates, type RunRequest } from '../../../shared/messages.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { ttl } from '../../../shared/keys.ts'
import { canonicalRecipe, defaultRecipe } from '../../../shared/recipe.ts'
import { runReportSchema } from '../../../shared/report.ts'
import { fromCursor, fromIsoCursor, toPage } from '../cursor.ts'
import { findOutput } from '../output-folder.ts'
import { checkRecipe } from '../recipe-options.ts'
import { findPlace } from '../roots.ts'
import { countFailed } from '../run-view.ts'
import { idParams, listOf, pageQuery, problems, refTo } from '../schemas/common.ts'
import { documentViewSchema } from '../schemas/document.ts'
import { runBodySchema, type RunBody } from '../schemas/options.ts'
import { runViewSchema, type RunView } from '../schemas/run.ts'
import { waitUntil } from '../wait.ts'
import { requireFreeFolder, requireRun, type App, type Context } from './context.ts'
import { runResultsRoute } from './run-results.ts'

const tags = ['runs']
const defaultLimit = 50
const beginSeconds = 10

/** Runs: folders that are read, and what uploads brought. */
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
      config: { scope: 'submit' },
      schema: {
        operationId: 'startRun',
        summary: 'Read a folder below an allow-listed root; what was read before is skipped',
        tags,
        body: runBodySchema,
        response: { 202: refTo(runViewSchema), ...problems },
      },
    },
    async ({ body, id: requestId, caller }, reply) => {
      const request = toRequest(context, body, requestId, caller)
      const { runs } = context.ledger.get()
      requireFreeFolder(context, request.out)
      if (body.pdfPassword !== undefined) {
        const { redis, keys } = context
        await redis.set(keys.secret(request.runId), body.pdfPassword, 'EX', ttl.secret)
      }
      await context.command({ kind: 'start', request })
      await waitUntil(async () => {
        const refusal = await context.runs.refusal(request.runId)
        if (refusal != null) throw refusedBy(refusal)
        return runs.get(request.runId) !== undefined
      }, beginSeconds)
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
): RunRequest {
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
    force: body.force ?? false,
    retryFailed: body.retryFailed ?? false,
    checksum: body.checksum ?? false,
    dryRun: false,
    ...(body.pdfPassword !== undefined && { hasPdfPassword: true }),
    requestedBy: caller,
    source: 'folder',
    priority: body.priority ?? 'bulk',
    labels: { tag: body.tag ?? null, metadata: body.metadata ?? {} },
    requestId,
  }
}

function listRoute(app: App, { ledger, runs }: Context): void {
  app.get(
    '/v1/runs',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        tags,
        querystring: Type.Object({
          state: Type.Optional(oneOf(runStates)),
          source: Type.Optional(oneOf(['folder', 'upload'])),
          tag: Type.Optional(Type.String({ maxLength: 200 })),
          ...pageQuery,
        }),
        response: { 200: listOf(refTo(runViewSchema)), ...problems },
      },
    },
    async ({ query: { limit = defaultLimit, cursor, ...filter } }) => {
      const found = ledger.get().listing.runs(filter, fromIsoCursor(cursor), limit + 1)
      const { entries, nextCursor } = toPage(found, limit, ({ startedAt: time, id }) => ({
        time,
        id,
      }))
      return { items: await Promise.all(entries.map((run) => runs.show(run))), nextCursor }
    },
  )
}

function getRoutes(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRun',
        summary: 'How a run stands',
        tags,
        params: idParams,
        response: { 200: refTo(runViewSchema), ...problems },
      },
    },
    ({ params: { id } }) => showRun(context, id),
  )
  app.get(
    '/v1/runs/:id/documents',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRunDocuments',
        summary: 'The documents of a run, newest first',
        tags,
        params: idParams,
        querystring: Type.Object(pageQuery),
        response: { 200: listOf(refTo(documentViewSchema)), ...problems },
      },
    },
    async ({ params, query: { limit = defaultLimit, cursor } }) => {
      const { id, request } = await requireRun(context, params.id)
      const { listing } = context.ledger.get()
      const filter = { run: { id, source: request.source ?? 'folder' } }
      const rows = listing.documents(filter, fromCursor(cursor), limit + 1)
      const page = toPage(rows, limit, ({ created_at: time, id: last }) => ({ time, id: last }))
      return { items: await context.documents.ofRows(page.entries), nextCursor: page.nextCursor }
    },
  )
  app.get(
    '/v1/runs/:id/report',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRunReport',
        summary:
          'The report of a folder run that has ended: outcomes, speed, workers, slowest, least confident',
        tags,
        params: idParams,
        response: { 200: runReportSchema, ...problems },
      },
    },
    async ({ params }) => {
      const run = await requireRun(context, params.id)
      const report = context.runs.reportOf(run)
      if (report === undefined) {
        if (run.state === 'active' && run.request.source !== 'upload') {
          throw new ScriptoriumError('not_finished', 'the run goes on; its report comes at its end')
        }
        throw new ScriptoriumError('unknown_run', 'this run has no report: it read no folder')
      }
      const { root, path } = await context.runs.show(run)
      return { ...report, root: `${root ?? ''}/${path ?? ''}`, out: '' }
    },
  )
}

const actionSchema = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags,
  params: idParams,
  response: { 200: refTo(runViewSchema), 202: refTo(runViewSchema), ...problems },
})

function actionRoutes(app: App, context: Context): void {
  app.post(
    '/v1/runs/:id/cancel',
    {
      config: { scope: 'submit' },
      schema: actionSchema('cancelRun', 'Stop a run: what is not read yet is cancelled'),
    },
    async ({ params: { id } }) => {
      const { state } = await showRun(context, id)
      if (state !== 'active') {
        throw new ScriptoriumError(
          'already_finished',
          `the run is ${state}; there is nothing to cancel`,
        )
      }
      await context.command({ kind: 'cancelRun', runId: id })
      return showRun(context, id)
    },
  )
  app.post(
    '/v1/runs/:id/retry-failed',
    {
      config: { scope: 'submit' },
      schema: actionSchema('retryRun', 'Read the failed and cancelled documents of a run again'),
    },
    async ({ params: { id } }, reply) => {
      const { state, counts } = await showRun(context, id)
      if (state === 'active')
        throw new ScriptoriumError('run_active', 'the run goes on; wait for its end')
      if (countFailed(counts) + (counts['cancelled'] ?? 0) === 0) {
        throw new ScriptoriumError('already_finished', 'none of its documents failed')
      }
      const { request } = await requireRun(context, id)
      if (request.source !== 'upload') requireFreeFolder(context, request.out)
      await context.command({ kind: 'retryRun', runId: id })
      return reply.code(202).send(await showRun(context, id))
    },
  )
}
