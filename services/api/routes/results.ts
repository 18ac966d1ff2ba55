import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { documentSchema, formats, type Format } from '../../../shared/contract.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { etagOf, mediaTypes, renderResult, requireResult, resultOf } from '../results.ts'
import { idParams, problems } from '../schemas/common.ts'
import type { App, Context } from './context.ts'
import { requireDocument } from './documents.ts'

/** `GET /v1/documents/{id}/result`: what was read. */
export function resultRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/result',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getResult',
        summary: 'What was read, by `format` or by the Accept header',
        tags: ['documents'],
        params: idParams,
        querystring: Type.Object({
          format: Type.Optional(oneOf(formats)),
          page: Type.Optional(Type.Integer({ minimum: 1 })),
        }),
        response: {
          200: {
            description: 'The result.',
            content: {
              'application/json': { schema: documentSchema },
              'text/plain': { schema: Type.String() },
            },
          },
          304: { type: 'null', description: 'The client has it.' },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { page } = request.query
      const format = request.query.format ?? negotiate(request)
      const ledger = context.ledger.get()
      const row = ledger.documents.get(id)
      if (row === undefined) {
        await requireDocument(context, id)
        throw new ScriptoriumError('not_finished', 'it is not read yet; ask again')
      }
      const etag = etagOf(requireResult(row), format, page)
      reply.header('etag', etag).header('vary', 'accept')
      const had = request.headers['if-none-match']
      if (had?.trim() === '*' || had?.includes(etag) === true) return reply.code(304).send(null)
      const text = renderResult(resultOf(ledger, row, page), format)
      return reply.type(mediaTypes[format]).serializer(String).send(text)
    },
  )
}

/** The format that the Accept header likes best; JSON where it leaves the choice. */
function negotiate(request: FastifyRequest): Format {
  const found = request.accepts().type(['json', 'txt'])
  if (found === 'json' || found === 'txt') return found
  const offered = Object.values(mediaTypes).join(', ')
  throw new ScriptoriumError('not_acceptable', `there is ${offered}; or ask with ?format=`)
}
