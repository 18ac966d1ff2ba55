import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerOf } from '../http/auth.ts'
import type { AcceptedDocument } from '../intake/submission.ts'
import type { DocumentView, UploadView } from '../schemas/document.ts'
import { documentViewSchema, uploadViewSchema } from '../schemas/document.ts'
import { answerOf, locationOf, refTo, retryAfterHeader, waitSeconds } from '../schemas/common.ts'
import { admissionProblems, recipeProblems } from '../schemas/problem-codes.ts'
import {
  uploadBodySchema,
  uploadOptionsSchema,
  type UploadOptions,
  type UploadSource,
} from '../schemas/options.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { scrub } from '../../../shared/process/host-paths.ts'
import { checkTimeout } from '../limits/scope-limits.ts'
import type { OpenSource } from '../intake/open-source.ts'
import { holderOf } from '../http/holder.ts'
import { InvalidRequest } from '../http/problem.ts'
import { firstFaults } from '../http/validator.ts'
import { toAnswer } from '../views/result.ts'
import { writeTextOf, writeUpload, writeView } from '../views/upload-answer.ts'
import { maxBase64Bytes } from '../schemas/options.ts'
import { readUploads } from '../intake/uploads/read-uploads.ts'
import { dropAll, type Uploads } from '../intake/uploads/uploads.ts'
import { waitUntil } from '../state/wait.ts'
import { items } from '../in-hand.ts'
import { isAwaited, type App, type Context } from './context.ts'
import { nameText, pageText } from '../../../shared/contract/schema/bounded.ts'
import { described, exampleDocumentId } from '../../../shared/contract/schema/described.ts'

const optionsCheck = TypeCompiler.Compile(uploadOptionsSchema)
const querySchema = Type.Object({
  wait: waitSeconds,
  name: Type.Optional(
    described(nameText, 'File name of a raw body without Content-Disposition.', 'invoice.pdf'),
  ),
})
const headersSchema = Type.Object({
  'idempotency-key': Type.Optional(
    described(
      Type.String({ minLength: 1, maxLength: 200 }),
      'Key of this upload: within a day, a request with the same key and files has the same response.',
      '9f2c7f0e-6b0a-4f6e-9d3e-0d9a3a1c2b4d',
    ),
  ),
})
const answerSchema = Type.Union([refTo(documentViewSchema), refTo(uploadViewSchema)], {
  title: 'UploadResponse',
  description: 'The document if the upload is one file, otherwise the upload.',
})

/** `POST /v1/documents`: files in, documents out. */
export function submitRoute(app: App, context: Context): void {
  app.post(
    '/v1/documents',
    {
      config: {
        scope: 'submit',
        problems: [
          'path_outside_root',
          'permission_denied',
          'not_found',
          'unknown_document',
          'idempotency_conflict',
          'unstable',
          'unsupported_type',
          'empty_file',
          'not_a_file',
          'unknown_root',
          'url_refused',
          'url_failed',
          'poison',
          'no_worker',
          ...recipeProblems,
          ...admissionProblems,
        ],
      },
      bodyLimit: maxBase64Bytes,
      schema: {
        operationId: 'submitDocuments',
        summary: 'Upload files',
        description:
          'Accepts files as multipart form, one file as raw body, or JSON with the file or its location. ' +
          'With `wait`, the response is sent when everything is read or the time is over, and holds the results.',
        tags: ['Documents'],
        querystring: querySchema,
        headers: headersSchema,
        body: { content: { 'application/json': { schema: uploadBodySchema } } },
        response: {
          200: {
            description: 'Everything was read, earlier or within `wait`.',
            content: {
              'application/json': { schema: answerSchema },
              'text/plain': {
                schema: described(
                  pageText,
                  'Text of one document, with `wait` and `Accept: text/plain`.',
                ),
              },
            },
          },
          202: answerOf('The files are stored durably and will be read.', answerSchema, {
            ...retryAfterHeader,
            ...locationOf('Path of the document or the run.', `/v1/documents/${exampleDocumentId}`),
          }),
        },
      },
    },
    async (request, reply) => {
      context.ledger.get() // This check comes first: nothing is accepted that could not be recorded.
      await context.workers.require()
      await context.admission.require(callerOf(request))
      const { uploads, options } = await context.hands.around(itemOf(request), () =>
        take(context, request),
      )
      try {
        if (uploads.received.length === 0) throw refusalOf(uploads)
        checkTimeout(context, request, options.timeoutMs, '/options/timeoutMs')
        const { received } = uploads
        const submission = { received, options, requestId: request.id, caller: request.caller }
        const key = request.headers['idempotency-key']
        const accepted = await context.settleIdempotency({ key, ...submission }, (known) =>
          context.accept(submission, known),
        )
        await answer(context, request, reply, { uploads, options, ...accepted })
        return reply
      } finally {
        await dropAll(uploads) // What was kept is no longer there to be dropped.
      }
    },
  )
}

/** The caller and the declared size: the same for a repeated request. */
function itemOf({ caller, query, headers }: FastifyRequest): string {
  const { 'content-length': length, 'content-type': type } = headers
  return items.upload(caller, query, length, type?.split(';')[0])
}

interface Taken {
  uploads: Uploads
  options: UploadOptions
}

async function take(context: Context, request: FastifyRequest): Promise<Taken> {
  const open = context.limits.take('open_uploads', holderOf(request))
  try {
    return await receive(context, request)
  } finally {
    open.release()
  }
}

async function receive({ intake, openSource }: Context, request: FastifyRequest): Promise<Taken> {
  const { body } = request
  if (isUploadBody(body)) {
    const uploads = await openInTime(openSource, body.source, holderOf(request))
    // The file is in the spool now, so waiting for the result holds none of it in memory.
    request.body = undefined
    request.bodyMemory?.release()
    return { uploads, options: body.options ?? {} }
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

async function openInTime(
  openSource: OpenSource,
  source: UploadSource,
  holder: string,
): Promise<Uploads> {
  const late = new AbortController()
  const message = `the file did not arrive within ${sourceSeconds} seconds`
  const timer = setTimeout(
    () => late.abort(new ScriptoriumError('upload_too_slow', message)),
    sourceSeconds * 1_000,
  )
  try {
    return await openSource(source, holder, late.signal)
  } finally {
    clearTimeout(timer)
  }
}

const bodyCheck = TypeCompiler.Compile(uploadBodySchema)
const isUploadBody = (body: unknown) => bodyCheck.Check(body)

function parseOptions(given: unknown): UploadOptions {
  if (given === undefined) return {}
  if (optionsCheck.Check(given)) return given
  const faults = firstFaults(optionsCheck.Errors(given)).map(({ path, message }) => ({
    path: `/options${path}`,
    message,
  }))
  throw new InvalidRequest('invalid_request', faults)
}

/** A request of which no file could be taken: its first file's fault, by name. */
function refusalOf({ rejected }: Uploads): ScriptoriumError {
  const [first] = rejected
  if (first === undefined) {
    return new ScriptoriumError(
      'malformed_request',
      'the request has no file; send each file as a part named files',
    )
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
    views.push({ ...view, ...ofSubmission(view, runId, options), name })
  }
  const [only] = views
  const isOne = documents.length === 1 && uploads.rejected.length === 0 && only !== undefined
  if (!isOver) {
    reply.code(202).header('retry-after', retryAfter(views))
    reply.header('location', isOne ? only.links.self : `/v1/runs/${runId}`)
  }
  const upload = toUploadView(runId, views, uploads)
  if (!isOver || wait === 0) return reply.send(isOne ? only : upload)
  const { ledger } = context
  if (isOne && wantsText(request)) {
    const text = await toAnswer(writeTextOf(ledger, only.id))
    return reply.type('text/plain; charset=utf-8').send(text)
  }
  const json = await toAnswer(isOne ? writeView(ledger, only) : writeUpload(ledger, upload))
  return reply.type('application/json; charset=utf-8').send(json)
}

/** This upload's view of a document, which others may have uploaded before. */
function ofSubmission({ links }: DocumentView, runId: string, options: UploadOptions) {
  const { tag = null, metadata = {}, priority = 'interactive' } = options
  return { runId, tag, metadata, priority, links: { ...links, run: `/v1/runs/${runId}` } }
}

const wantsText = ({ headers }: FastifyRequest): boolean =>
  headers.accept?.trim().startsWith('text/plain') === true

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
