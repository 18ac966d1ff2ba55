import { Type } from '@sinclair/typebox'
import { outcomes } from '../../../shared/contract/result/outcomes.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { oneOf } from '../../../shared/process/one-of.ts'
import { canonicalRecipe, defaultRecipe, fingerprintOf } from '../../../shared/contract/recipe.ts'
import type { Document } from '../../ledger/document.ts'
import type { DocumentFilter } from '../../ledger/queries/listing.ts'
import { callerOf } from '../http/auth.ts'
import { fromCursor, toPage } from '../views/cursor.ts'
import { checkRecipe } from '../intake/check-options.ts'
import {
  answerOf,
  documentParams,
  exampleCursors,
  listOf,
  pageQuery,
  refTo,
  retryAfterHeader,
  tagFilter,
  waitSeconds,
} from '../schemas/common.ts'
import { admissionProblems, commandProblems, recipeProblems } from '../schemas/problem-codes.ts'
import {
  documentStatuses,
  documentViewSchema,
  orNull,
  type DocumentView,
} from '../schemas/document.ts'
import { recipeOptionsSchema } from '../schemas/options.ts'
import { waitUntil } from '../state/wait.ts'
import { isAwaited, requireFreeFolder, requireRun, type App, type Context } from './context.ts'
import { boundedList } from '../../../shared/contract/schema/bounded.ts'
import {
  described,
  documentIdText,
  exampleRunId,
  exampleSha256,
  sha256Text,
} from '../../../shared/contract/schema/described.ts'

const tags = ['Documents']
const defaultLimit = 50
const maxChecked = 1_000
const recordSeconds = 5
const maxCheckBytes = 256 * 1024

/** Documents: get one, list many, cancel, retry and delete. */
export function documentRoutes(app: App, context: Context): void {
  listRoute(app, context)
  getRoute(app, context)
  checkRoute(app, context)
  actionRoutes(app, context)
}

/**
 * Looks at a document's row, and past one that is of its last reading where another one has just been accepted and
 * is not recorded yet.
 */
function latestOf({ ledger }: Context, id: string): () => Document | undefined {
  const find = (): Document | undefined => ledger.get().documents.get(id)
  const before = find()
  return () => {
    const row = find()
    return before?.state === 'final' && row?.pass === before.pass ? undefined : row
  }
}

/** The document, or `unknown_document`. */
export async function requireDocument({ documents }: Context, id: string): Promise<DocumentView> {
  const view = await documents.find(id)
  if (view !== undefined) return view
  throw new ScriptoriumError('unknown_document', `unknown document ${id}`)
}

function listRoute(app: App, { ledger, documents }: Context): void {
  app.get(
    '/v1/documents',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDocuments',
        summary: 'List documents',
        description:
          'Newest first. With `status`, a page may hold fewer entries than `limit` although another page follows.',
        tags,
        querystring: Type.Object({
          status: Type.Optional(
            described(oneOf(documentStatuses), 'Only documents with this status.', 'finished'),
          ),
          outcome: Type.Optional(
            described(oneOf(outcomes), 'Only documents with this outcome.', 'succeeded'),
          ),
          run: Type.Optional(
            described(Type.String({ maxLength: 100 }), 'Only documents of this run.', exampleRunId),
          ),
          tag: tagFilter,
          ...pageQuery(defaultLimit, exampleCursors.time),
        }),
        response: { 200: listOf(refTo(documentViewSchema), 'One page of documents.') },
      },
    },
    async ({ query }) => {
      const { status, outcome, tag, limit = defaultLimit, cursor } = query
      const records = ledger.get()
      const run = query.run === undefined ? undefined : records.runs.get(query.run)
      if (query.run !== undefined && run === undefined) return { items: [], nextCursor: null }
      const filter: DocumentFilter = {
        ...(outcome !== undefined && { outcome }),
        ...(tag !== undefined && { tag }),
        ...(status !== undefined && { isFinal: status === 'finished' }),
        ...(run && { run: { id: run.id, source: run.request.source ?? 'folder' } }),
      }
      const rows = records.listing.documents(filter, fromCursor(cursor), limit + 1)
      const page = toPage(rows, limit, ({ createdAt: time, id }) => ({ time, id }))
      const views = await documents.ofRows(page.entries)
      // Whether a worker has it is known to Redis only, so such a page may be shorter than its limit.
      const items = status === undefined ? views : views.filter((view) => view.status === status)
      return { items, nextCursor: page.nextCursor }
    },
  )
}

function getRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id',
    {
      config: { scope: 'read', problems: ['unknown_document'] },
      schema: {
        operationId: 'getDocument',
        summary: "Get a document's status",
        description:
          'With `wait`, the response is sent when the document is finished or the time is over.',
        tags,
        params: documentParams,
        querystring: Type.Object({ wait: waitSeconds }),
        response: {
          200: answerOf('The document.', refTo(documentViewSchema), retryAfterHeader),
        },
      },
    },
    async ({ params: { id }, query: { wait = 0 } }, reply) => {
      const latest = latestOf(context, id)
      let view = await requireDocument(context, id)
      if (wait > 0 && view.status !== 'finished') {
        await waitUntil(
          () => latest()?.state === 'final',
          wait,
          () => isAwaited(context, reply),
        )
        view = await requireDocument(context, id)
      }
      if (view.status !== 'finished') reply.header('retry-after', Math.ceil(view.etaSeconds ?? 1))
      return view
    },
  )
}

function checkRoute(app: App, { ledger, identities }: Context): void {
  app.post(
    '/v1/documents/check',
    {
      config: { scope: 'read', problems: recipeProblems },
      bodyLimit: maxCheckBytes,
      schema: {
        operationId: 'checkDocuments',
        summary: 'Check which files were read before',
        description: 'Files that are `known` were read with this recipe and need no upload.',
        tags,
        body: Type.Object(
          {
            documents: described(
              Type.Array(
                Type.Object({
                  sha256: described(
                    Type.String({ pattern: '^[0-9a-f]{64}$', maxLength: 64 }),
                    'SHA-256 of the file, 64 lower-case hex digits.',
                    exampleSha256,
                  ),
                }),
                { maxItems: maxChecked },
              ),
              'Files to check.',
            ),
            recipe: Type.Optional(recipeOptionsSchema),
          },
          {
            additionalProperties: false,
            title: 'CheckRequest',
            description: 'Files and the recipe.',
            examples: [{ documents: [{ sha256: exampleSha256 }] }],
          },
        ),
        response: {
          200: Type.Object(
            {
              documents: described(
                boundedList(
                  Type.Object({
                    sha256: sha256Text,
                    status: described(
                      oneOf(['known', 'unknown']),
                      '`known`: the file was read with this recipe.',
                    ),
                    documentId: described(
                      orNull(documentIdText),
                      'Document with the result, null if unknown.',
                    ),
                  }),
                  maxChecked,
                ),
                'The files, in the order of the request.',
              ),
            },
            { description: 'Status of each file.' },
          ),
        },
      },
    },
    async ({ body }) => {
      const recipe = canonicalRecipe(checkRecipe({ ...defaultRecipe, ...body.recipe }))
      const fingerprint = fingerprintOf(recipe, await identities(recipe))
      const { documents } = ledger.get()
      return {
        documents: body.documents.map(({ sha256 }) => {
          const row = documents.withContent(sha256, fingerprint, '')
          const isKnown = row?.state === 'final'
          return {
            sha256,
            status: isKnown ? ('known' as const) : ('unknown' as const),
            documentId: isKnown ? row.id : null,
          }
        }),
      }
    },
  )
}

const actionSchema = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description,
  tags,
  params: documentParams,
})

function actionRoutes(app: App, context: Context): void {
  app.post(
    '/v1/documents/:id/cancel',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_document', 'already_finished', ...commandProblems],
      },
      schema: {
        ...actionSchema(
          'cancelDocument',
          'Cancel a document',
          'Stops a queued or active document. Its record stays with the outcome `cancelled`.',
        ),
        response: { 200: answerOf('The document.', refTo(documentViewSchema)) },
      },
    },
    async (request) => {
      const { id } = request.params
      const latest = latestOf(context, id)
      const { status } = await requireDocument(context, id)
      await context.ownership.requireDocument(callerOf(request), id, 'all')
      if (status === 'finished') {
        throw new ScriptoriumError(
          'already_finished',
          'the document is finished and cannot be cancelled',
        )
      }
      // The aggregator cancels documents that it knows; a document that was just accepted is known to it in a moment.
      await waitUntil(() => latest() !== undefined, recordSeconds)
      await context.command({ kind: 'cancelDocument', documentId: id })
      return requireDocument(context, id)
    },
  )
  app.post(
    '/v1/documents/:id/retry',
    {
      config: {
        scope: 'submit',
        problems: [
          'unknown_document',
          'unknown_run',
          'not_finished',
          'already_finished',
          'expired',
          'run_active',
          ...admissionProblems,
          ...commandProblems,
        ],
      },
      schema: {
        ...actionSchema(
          'retryDocument',
          'Retry a document',
          'Reads a failed or cancelled document again.',
        ),
        response: { 202: answerOf('The document, queued again.', refTo(documentViewSchema)) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { status, outcome, expiresAt } = await requireDocument(context, id)
      await context.ownership.requireDocument(callerOf(request), id, 'any')
      if (status !== 'finished')
        throw new ScriptoriumError('not_finished', 'the document is not finished')
      const row = context.ledger.get().documents.get(id)
      if (row?.expiredAt != null) {
        throw new ScriptoriumError(
          'expired',
          `the input was deleted at ${expiresAt}; upload the file again`,
        )
      }
      if (outcome === 'succeeded' || outcome === 'empty' || outcome === 'duplicate') {
        const message = 'the document was read; to read it again, upload it with the option `force`'
        throw new ScriptoriumError('already_finished', message)
      }
      if (row !== undefined)
        requireFreeFolder(context, (await requireRun(context, row.runId)).request)
      await context.admission.require(callerOf(request))
      await context.command({ kind: 'retryDocument', documentId: id })
      return reply.code(202).send(await requireDocument(context, id))
    },
  )
  app.delete(
    '/v1/documents/:id',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_document', 'not_finished', ...commandProblems],
      },
      schema: {
        ...actionSchema(
          'deleteDocument',
          'Delete a document',
          'Deletes the record, the text and, for an upload, the input file.',
        ),
        response: { 204: described(Type.Null(), 'The document is deleted.') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { status } = await requireDocument(context, id)
      await context.ownership.requireDocument(callerOf(request), id, 'all')
      if (status !== 'finished') {
        throw new ScriptoriumError('not_finished', 'the document is not finished; cancel it first')
      }
      await context.command({ kind: 'deleteDocument', documentId: id })
      return reply.code(204).send(null)
    },
  )
}
