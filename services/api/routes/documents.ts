import { Type } from '@sinclair/typebox'
import { outcomes } from '../../../shared/contract.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { canonicalRecipe, defaultRecipe, fingerprintOf } from '../../../shared/recipe.ts'
import type { DocumentRow } from '../../aggregator/ledger/documents.ts'
import type { DocumentFilter } from '../../aggregator/ledger/listing.ts'
import { fromCursor, toPage } from '../cursor.ts'
import { checkRecipe } from '../recipe-options.ts'
import { idParams, listOf, pageQuery, problems, refTo, waitSeconds } from '../schemas/common.ts'
import {
  documentStatuses,
  documentViewSchema,
  orNull,
  type DocumentView,
} from '../schemas/document.ts'
import { recipeOptionsSchema } from '../schemas/options.ts'
import { waitUntil } from '../wait.ts'
import { isAwaited, requireFreeFolder, requireRun, type App, type Context } from './context.ts'

const tags = ['documents']
const defaultLimit = 50
const mostChecked = 1_000
const recordSeconds = 5

/** Documents: one, many, and what can be done with them. */
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
function latestOf({ ledger }: Context, id: string): () => DocumentRow | undefined {
  const find = (): DocumentRow | undefined => ledger.get().documents.get(id)
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
  throw new ScriptoriumError('unknown_document', `there is no document ${id}`)
}

function listRoute(app: App, { ledger, documents }: Context): void {
  app.get(
    '/v1/documents',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDocuments',
        summary: 'Documents, newest first',
        tags,
        querystring: Type.Object({
          status: Type.Optional(oneOf(documentStatuses)),
          outcome: Type.Optional(oneOf(outcomes)),
          run: Type.Optional(Type.String({ maxLength: 100 })),
          tag: Type.Optional(Type.String({ maxLength: 200 })),
          ...pageQuery,
        }),
        response: { 200: listOf(refTo(documentViewSchema)), ...problems },
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
      const page = toPage(rows, limit, ({ created_at: time, id }) => ({ time, id }))
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
      config: { scope: 'read' },
      schema: {
        operationId: 'getDocument',
        summary:
          'How a document stands; `wait` answers when it is finished, or when the time is up',
        tags,
        params: idParams,
        querystring: Type.Object({ wait: waitSeconds }),
        response: { 200: refTo(documentViewSchema), ...problems },
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
      config: { scope: 'read' },
      schema: {
        operationId: 'checkDocuments',
        summary: 'Which files need not be uploaded, because they were read with this recipe',
        tags,
        body: Type.Object(
          {
            documents: Type.Array(
              Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
              {
                maxItems: mostChecked,
              },
            ),
            recipe: Type.Optional(recipeOptionsSchema),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            documents: Type.Array(
              Type.Object({
                sha256: Type.String(),
                status: oneOf(['known', 'unknown']),
                documentId: orNull(Type.String()),
              }),
            ),
          }),
          ...problems,
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

function actionRoutes(app: App, context: Context): void {
  const schema = (operationId: string, summary: string) => ({
    operationId,
    summary,
    tags,
    params: idParams,
    response: { 200: refTo(documentViewSchema), 202: refTo(documentViewSchema), ...problems },
  })
  app.post(
    '/v1/documents/:id/cancel',
    {
      config: { scope: 'submit' },
      schema: schema(
        'cancelDocument',
        'Stop a document, queued or being read; it stays, as cancelled',
      ),
    },
    async ({ params: { id } }) => {
      const latest = latestOf(context, id)
      const { status } = await requireDocument(context, id)
      if (status === 'finished') {
        throw new ScriptoriumError('already_finished', 'it has ended; there is nothing to cancel')
      }
      // The aggregator cancels what it knows: what was accepted just now it will know in a moment.
      await waitUntil(() => latest() !== undefined, recordSeconds)
      await context.command({ kind: 'cancelDocument', documentId: id })
      return requireDocument(context, id)
    },
  )
  app.post(
    '/v1/documents/:id/retry',
    {
      config: { scope: 'submit' },
      schema: schema('retryDocument', 'Read a failed or cancelled document again'),
    },
    async ({ params: { id } }, reply) => {
      const { status, outcome, expiresAt } = await requireDocument(context, id)
      if (status !== 'finished')
        throw new ScriptoriumError('not_finished', 'it is not finished yet')
      const row = context.ledger.get().documents.get(id)
      if (row?.expired_at != null) {
        throw new ScriptoriumError(
          'expired',
          `its input was removed at ${expiresAt}; upload it again`,
        )
      }
      if (outcome === 'succeeded' || outcome === 'empty' || outcome === 'duplicate') {
        const message = 'it was read; upload it with the option `force` to have it read again'
        throw new ScriptoriumError('already_finished', message)
      }
      if (row?.is_upload === 0) {
        requireFreeFolder(context, (await requireRun(context, row.run_id)).request.out)
      }
      await context.command({ kind: 'retryDocument', documentId: id })
      return reply.code(202).send(await requireDocument(context, id))
    },
  )
  app.delete(
    '/v1/documents/:id',
    {
      config: { scope: 'submit' },
      schema: {
        operationId: 'deleteDocument',
        summary: 'Remove a document: its record, its text, and of an upload its input',
        tags,
        params: idParams,
        response: { 204: Type.Null(), ...problems },
      },
    },
    async ({ params: { id } }, reply) => {
      const { status } = await requireDocument(context, id)
      if (status !== 'finished') {
        throw new ScriptoriumError('not_finished', 'it is not finished yet; cancel it first')
      }
      const { redis, keys, ledger } = context
      const accepted = [id, ...ledger.get().submissions.runsOf(id)]
      await context.command({ kind: 'deleteDocument', documentId: id })
      await redis.del(accepted.map((each) => keys.accepted(each)))
      return reply.code(204).send(null)
    },
  )
}
