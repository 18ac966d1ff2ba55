import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { documentSchema, formats, type Format } from '../../../shared/contract.ts'
import { ScriptoriumError } from '../../../shared/errors.ts'
import { oneOf } from '../../../shared/one-of.ts'
import { outputFormats } from '../../aggregator/outputs/formats.ts'
import { etagOf, renderResult, requireResult, resultOf } from '../results.ts'
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
            content: Object.fromEntries(
              formats.map((format) => [essenceOf(format), { schema: schemaOf(format) }]),
            ),
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
      const result = await renderResult(resultOf(ledger, row, page), format)
      return reply.type(outputFormats[format].mediaType).send(result)
    },
  )
}

/** A media type without its parameters. */
const essenceOf = (format: Format): string => outputFormats[format].mediaType.split(';')[0] ?? ''

const schemaOf = (format: Format) =>
  format === 'json' ? documentSchema : Type.String(format === 'pdf' ? { format: 'binary' } : {})

/** The format that the Accept header likes best; JSON where it leaves the choice. */
function negotiate(request: FastifyRequest): Format {
  const ranked: Format[] = ['json', ...formats.filter((format) => format !== 'json')]
  const liked = request.accepts().type(ranked.map(essenceOf))
  const found = ranked.find((format) => essenceOf(format) === liked)
  if (found !== undefined) return found
  const offered = ranked.map(essenceOf).join(', ')
  throw new ScriptoriumError('not_acceptable', `there is ${offered}; or ask with ?format=`)
}
