import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { documentSchema } from '../../../../shared/contract/result/document.ts'
import { formats, type Format } from '../../../../shared/contract/result/formats.ts'
import { pageText } from '../../../../shared/contract/schema/bounded.ts'
import { described } from '../../../../shared/contract/schema/described.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { outputFormats } from '../../../outputs/formats.ts'
import { isKnown } from '../../http/etag.ts'
import { holderOf } from '../../http/holder.ts'
import { items } from '../../in-hand.ts'
import { documentParams, etagHeader } from '../../schemas/common.ts'
import { failureProblems, type ProblemCode } from '../../schemas/problem-codes.ts'
import { etagOf, renderResult, requireResult, resultOf } from '../../views/result.ts'
import type { App, Context } from '../context.ts'
import { requireDocument } from './find.ts'

const problems = [
  'unknown_document',
  'unknown_page',
  'input_unreadable',
  'not_acceptable',
  'not_finished',
  'cancelled',
  'unstable',
  'expired',
  'invalid_request',
  'decoder_failed',
] as const satisfies ProblemCode[]

const querySchema = Type.Object({
  format: Type.Optional(described(oneOf(formats), 'Format. Default: by the Accept header.', 'txt')),
  page: Type.Optional(
    described(
      Type.Integer({ minimum: 1 }),
      'Only this page. ALTO and PAGE hold one page and need it for longer documents.',
      1,
    ),
  ),
})

const binaryText = described(
  Type.String({ format: 'binary', maxLength: 2 ** 31 }),
  'Searchable PDF: the pages with an invisible text layer.',
)

/** A media type without its parameters. */
const essenceOf = (format: Format): string => outputFormats[format].mediaType.split(';')[0] ?? ''

const schemaOf = (format: Format) =>
  format === 'json'
    ? documentSchema
    : format === 'pdf'
      ? binaryText
      : described(pageText, textFormats[format])

const textFormats: Record<Exclude<Format, 'json' | 'pdf'>, string> = {
  txt: 'Plain text, UTF-8; a form feed separates pages.',
  hocr: 'hOCR 1.2.',
  alto: 'ALTO XML 4.',
  page: 'PAGE XML.',
  tsv: 'Tab-separated values as Tesseract writes them.',
  md: 'Markdown: headings, paragraphs, lists, tables.',
  html: 'HTML: headings, paragraphs, lists, tables.',
  chunks:
    'Passages of at most 1,500 characters, one JSON object a line: `documentId`, `path`, `page`, `number`, `heading`, `text` (Markdown), `width`, `height`, `boxes`.',
  csv: 'The tables, as RFC 4180, an empty line between two of them.',
}

const responses = {
  200: {
    description: 'The result.',
    headers: etagHeader,
    content: Object.fromEntries(
      formats.map((format) => [essenceOf(format), { schema: schemaOf(format) }]),
    ),
  },
  304: { type: 'null', description: 'The result has not changed.' },
}

/** `GET /v1/documents/{id}/result`: the result of a document. */
export function resultRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/result',
    {
      config: {
        scope: 'read',
        problems,
        failures: failureProblems,
      },
      schema: {
        operationId: 'getResult',
        summary: "Get a document's result",
        description:
          '`format`, or otherwise the Accept header, selects the format; JSON is the default. ' +
          'Conditional requests with `If-None-Match` are supported. ' +
          'The result of a failed document is a 422 problem with the error code of the document.',
        tags: ['Documents'],
        params: documentParams,
        querystring: querySchema,
        response: responses,
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
        throw new ScriptoriumError('not_finished', 'the document is not finished; retry later')
      }
      const etag = etagOf(ledger, requireResult(row), format, page)
      reply.header('etag', etag).header('vary', 'accept')
      if (isKnown(request, etag)) return reply.code(304).send(null)
      const { hands, renderings } = context
      const client = { holder: holderOf(request), signal: whenGone(reply) }
      const render = async () =>
        renderResult(await resultOf(ledger, row, page), format, renderings, client)
      // A rendering that waits for the decoder process blocks nothing else.
      const hold = outputFormats[format].showsInput === true ? hands.around : hands.hold
      const result = await hold(items.render(row, format, page), render)
      return reply.type(outputFormats[format].mediaType).send(result)
    },
  )
}

/** Aborted once the client is gone. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const reason = Object.assign(new Error('the client is gone'), { code: 'ECONNRESET' })
  reply.raw.once('close', () => gone.abort(reason))
  return gone.signal
}

/** The format that the Accept header prefers; JSON where it leaves the choice. */
function negotiate(request: FastifyRequest): Format {
  const ranked: Format[] = ['json', ...formats.filter((format) => format !== 'json')]
  const liked = request.accepts().type(ranked.map(essenceOf))
  const found = ranked.find((format) => essenceOf(format) === liked)
  if (found !== undefined) return found
  const offered = ranked.map(essenceOf).join(', ')
  throw new ScriptoriumError(
    'not_acceptable',
    `this route only serves ${offered}; select one with ?format=`,
  )
}
