import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { nameText, pageText } from '../../../../shared/contract/schema/bounded.ts'
import { described, exampleDocumentId } from '../../../../shared/contract/schema/described.ts'
import { callerOf } from '../../http/auth.ts'
import { items } from '../../in-hand.ts'
import { dropAll } from '../../intake/uploads/uploads.ts'
import { checkTimeout } from '../../limits/scope-limits.ts'
import { answerOf, refTo, retryAfterHeader, waitSeconds, locationOf } from '../../schemas/common.ts'
import { documentViewSchema, uploadViewSchema } from '../../schemas/document.ts'
import { uploadBodySchema, maxBase64Bytes } from '../../schemas/options.ts'
import { admissionProblems, recipeProblems, type ProblemCode } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'
import { receiveUpload, refusalOf } from './receive.ts'
import { respond } from './respond.ts'

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

const problems = [
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
] as const satisfies ProblemCode[]

const responses = {
  200: {
    description: 'Everything was read, earlier or within `wait`.',
    content: {
      'application/json': { schema: answerSchema },
      'text/plain': {
        schema: described(pageText, 'Text of one document, with `wait` and `Accept: text/plain`.'),
      },
    },
  },
  202: answerOf('The files are stored durably and will be read.', answerSchema, {
    ...retryAfterHeader,
    ...locationOf('Path of the document or the run.', `/v1/documents/${exampleDocumentId}`),
  }),
}

/** `POST /v1/documents`: files in, documents out. */
export function submitRoute(app: App, context: Context): void {
  app.post(
    '/v1/documents',
    {
      config: {
        scope: 'submit',
        problems,
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
        response: responses,
      },
    },
    async (request, reply) => {
      context.ledger.get() // This check comes first: nothing is accepted that could not be recorded.
      await context.workers.require()
      await context.admission.require(callerOf(request))
      const { uploads, options } = await context.hands.around(itemOf(request), () =>
        receiveUpload(context, request),
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
        await respond(context, request, reply, { uploads, options, ...accepted })
        return reply
      } finally {
        await dropAll(uploads) // Skips the files that the spool has kept.
      }
    },
  )
}

/** The caller and the declared size: the same for a repeated request. */
function itemOf({ caller, query, headers }: FastifyRequest): string {
  const { 'content-length': length, 'content-type': type } = headers
  return items.upload(caller, query, length, type?.split(';')[0])
}
