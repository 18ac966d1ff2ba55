import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AcceptedDocument } from '../accept.ts'
import type { DocumentView, UploadView } from '../schemas/document.ts'
import { documentViewSchema, uploadViewSchema } from '../schemas/document.ts'
import { problems, refTo, waitSeconds } from '../schemas/common.ts'
import {
  uploadBodySchema,
  uploadOptionsSchema,
  type UploadOptions,
  type UploadSource,
} from '../schemas/options.ts'
import { readOutcomes } from '../../../shared/contract.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { settleIdempotency } from '../idempotency.ts'
import type { OpenSource } from '../open-source.ts'
import { InvalidRequest, scrub, TryLater } from '../problem.ts'
import { requireResult, resultOf, textOf, wholeOf } from '../results.ts'
import { readUploads } from '../uploads/read-uploads.ts'
import { dropAll, type Uploads } from '../uploads/uploads.ts'
import { waitUntil } from '../wait.ts'
import { isAwaited, type App, type Context } from './context.ts'

const optionsCheck = TypeCompiler.Compile(uploadOptionsSchema)
const querySchema = Type.Object({ wait: waitSeconds, name: Type.Optional(Type.String()) })
const headersSchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
})

/** `POST /v1/documents`: files in, documents out. */
export function submitRoute(app: App, context: Context): void {
  app.post(
    '/v1/documents',
    {
      config: { scope: 'submit' },
      schema: {
        operationId: 'submitDocuments',
        summary: 'Upload pages: multipart, raw, or JSON that says where they are',
        tags: ['documents'],
        querystring: querySchema,
        headers: headersSchema,
        body: { content: { 'application/json': { schema: uploadBodySchema } } },
        response: {
          200: {
            description: 'Read before, or finished within `wait`.',
            content: {
              'application/json': {
                schema: Type.Union([refTo(documentViewSchema), refTo(uploadViewSchema)]),
              },
              'text/plain': { schema: Type.String() },
            },
          },
          202: {
            description: 'Accepted: it is safe, and will be read.',
            content: {
              'application/json': {
                schema: Type.Union([refTo(documentViewSchema), refTo(uploadViewSchema)]),
              },
            },
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      context.ledger.get() // Asked first: nothing is taken in that could not be recorded.
      await requireRoom(context)
      const { uploads, options } = await take(context, request)
      try {
        if (uploads.received.length === 0) throw refusalOf(uploads)
        const { received } = uploads
        const submission = { received, options, requestId: request.id, caller: request.caller }
        const key = request.headers['idempotency-key']
        const accepted = await settleIdempotency(context, { key, ...submission }, () =>
          context.accept(submission),
        )
        await answer(context, request, reply, { uploads, options, ...accepted })
        return reply
      } finally {
        await dropAll(uploads) // What was kept is no longer there to be dropped.
      }
    },
  )
}

/** Throws `queue_full`, with the time it takes the fleet to make room. */
async function requireRoom({ config, fleet }: Context): Promise<void> {
  const most = config.SCRIPTORIUM_MAX_QUEUE
  const waiting = await fleet.waiting()
  if (waiting < most) return
  const pagesPerMinute = (await fleet.aggregator())?.pagesPerMinute ?? 0
  const seconds = pagesPerMinute === 0 ? 60 : ((waiting - most + 1) * 60) / pagesPerMinute
  throw new TryLater('queue_full', `${waiting} jobs are waiting; the fleet needs time`, seconds)
}

async function take(
  { intake, openSource }: Context,
  request: FastifyRequest,
): Promise<{ uploads: Uploads; options: UploadOptions }> {
  const { body } = request
  if (isUploadBody(body)) {
    return { uploads: await openInTime(openSource, body.source), options: body.options ?? {} }
  }
  const uploads = await readUploads(request, intake)
  try {
    return { uploads, options: parseOptions(uploads.options) }
  } catch (thrown) {
    await dropAll(uploads)
    throw thrown
  }
}

const sourceSeconds = 120

async function openInTime(openSource: OpenSource, source: UploadSource): Promise<Uploads> {
  const late = new AbortController()
  const message = `the file did not come within ${sourceSeconds} seconds`
  const timer = setTimeout(
    () => late.abort(new ScriptoriumError('upload_too_slow', message)),
    sourceSeconds * 1_000,
  )
  try {
    return await openSource(source, late.signal)
  } finally {
    clearTimeout(timer)
  }
}

const bodyCheck = TypeCompiler.Compile(uploadBodySchema)
const isUploadBody = (body: unknown) => bodyCheck.Check(body)

function parseOptions(given: unknown): UploadOptions {
  if (given === undefined) return {}
  if (optionsCheck.Check(given)) return given
  const faults = [...optionsCheck.Errors(given)].map(({ path, message }) => ({
    path: `/options${path}`,
    message,
  }))
  throw new InvalidRequest('invalid_request', faults)
}

/** A request of which no file could be taken: its first file's fault, by name. */
function refusalOf({ rejected }: Uploads): ScriptoriumError {
  const [first] = rejected
  if (first === undefined) {
    return new ScriptoriumError('malformed_request', 'no file came; send one or more as `files`')
  }
  return new ScriptoriumError(first.error.code, `${first.name} ${first.error.message}`)
}

interface Answering {
  uploads: Uploads
  options: UploadOptions
  runId: string
  documents: readonly AcceptedDocument[]
}

async function answer(
  context: Context,
  request: FastifyRequest<{ Querystring: { wait?: number } }>,
  reply: FastifyReply,
  { uploads, options, runId, documents }: Answering,
): Promise<FastifyReply> {
  const { wait = 0 } = request.query
  const isFinal = (): boolean =>
    documents.every(({ id, pass }) => {
      const row = context.ledger.get().documents.get(id)
      return row?.state === 'final' && row.pass >= pass
    })
  const isOver = await waitUntil(isFinal, wait, () => isAwaited(context, reply))
  const views: DocumentView[] = []
  for (const { id, name } of documents) {
    const view = await context.documents.find(id)
    if (view === undefined) continue
    const result = isOver && wait > 0 ? withResult(context, id) : {}
    views.push({ ...view, ...ofSubmission(view, runId, options), name, ...result })
  }
  const [only] = views
  const isOne = documents.length === 1 && uploads.rejected.length === 0 && only !== undefined
  if (!isOver) {
    reply.code(202).header('retry-after', retryAfter(views))
    reply.header('location', isOne ? only.links.self : `/v1/runs/${runId}`)
  }
  if (!isOne) return reply.send(toUploadView(runId, views, uploads))
  if (isOver && wait > 0 && wantsText(request)) return sendText(context, reply, only.id)
  return reply.send(only)
}

/** What this upload says of a document, which others may have uploaded before. */
function ofSubmission({ links }: DocumentView, runId: string, options: UploadOptions) {
  const { tag = null, metadata = {}, priority = 'interactive' } = options
  return { runId, tag, metadata, priority, links: { ...links, run: `/v1/runs/${runId}` } }
}

function withResult({ ledger }: Context, id: string): Pick<DocumentView, 'result'> | undefined {
  const row = ledger.get().documents.get(id)
  if (row?.outcome == null || !readOutcomes.has(row.outcome) || row.expired_at !== null) {
    return undefined
  }
  return { result: wholeOf(resultOf(ledger.get(), row)) }
}

const wantsText = ({ headers }: FastifyRequest): boolean =>
  headers.accept?.trim().startsWith('text/plain') === true

function sendText({ ledger }: Context, reply: FastifyReply, id: string): FastifyReply {
  const row = ledger.get().documents.get(id)
  if (row === undefined)
    throw new ScriptoriumError('unknown_document', `there is no document ${id}`)
  const text = textOf(resultOf(ledger.get(), requireResult(row)))
  return reply.type('text/plain; charset=utf-8').send(text)
}

/** Seconds until it is worth asking again. */
const retryAfter = (views: readonly DocumentView[]): number =>
  Math.min(60, Math.max(1, ...views.map(({ etaSeconds }) => Math.ceil(etaSeconds ?? 1))))

function toUploadView(runId: string, documents: DocumentView[], { rejected }: Uploads): UploadView {
  return {
    runId,
    documents,
    rejected: rejected.map(({ name, error: { code, message, retryable } }) => ({
      name,
      code,
      detail: scrub(message),
      retryable,
    })),
    links: { run: `/v1/runs/${runId}`, events: `/v1/runs/${runId}/events` },
  }
}
