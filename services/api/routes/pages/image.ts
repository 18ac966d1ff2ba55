import { Type } from '@sinclair/typebox'
import { described } from '../../../../shared/contract/schema/described.ts'
import { isKnown } from '../../http/etag.ts'
import { holderOf } from '../../http/holder.ts'
import { etagHeader, pageParams } from '../../schemas/common.ts'
import type { ProblemCode } from '../../schemas/problem-codes.ts'
import { isAwaited, type App, type Context } from '../context.ts'
import { pageProblems, requirePage } from './find.ts'

const problems = [
  ...pageProblems,
  'no_worker',
  'service_busy',
  'unstable',
  'not_found',
  'permission_denied',
  'path_outside_root',
  'not_a_file',
  'too_large',
  'too_many_pixels',
  'too_much_memory',
  'page_out_of_range',
  'password_required',
  'unsupported_encoding',
  'corrupt_image',
  'corrupt_pdf',
  'corrupt_upload',
  'decode_timeout',
  'decoder_failed',
] as const satisfies ProblemCode[]

const defaultWidth = 1_280

const querySchema = Type.Object({
  width: Type.Optional(
    described(
      Type.Integer({ minimum: 1, maximum: 10_000 }),
      `Wanted width, pixels; the picture may be a little wider, and never wider than the page. Default: ${defaultWidth}.`,
      defaultWidth,
    ),
  ),
})

/** A browser asks again each time: a document that was deleted must not be shown from its cache. */
const caching = 'private, no-cache'

/** `GET /v1/documents/{id}/pages/{page}/image`: a page as people see it. */
export function pageImageRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id/pages/:page/image',
    {
      config: { scope: 'read', problems },
      schema: {
        operationId: 'getPageImage',
        summary: 'Get the picture of a page',
        description:
          'The page as stored, before it is turned upright: a point of the result is at the same share of width and height of the picture. ' +
          'A worker renders it, and the server keeps it for a while. Conditional requests with `If-None-Match` are supported.',
        tags: ['Documents'],
        params: pageParams,
        querystring: querySchema,
        response: {
          200: {
            description: 'The picture, at most 8 megapixels.',
            headers: etagHeader,
            content: {
              'image/webp': {
                schema: described(
                  Type.String({ format: 'binary', maxLength: 2 ** 25 }),
                  'Picture of the page.',
                ),
              },
            },
          },
          304: { type: 'null', description: 'The picture has not changed.' },
        },
      },
    },
    async (request, reply) => {
      const { id, page: number } = request.params
      const { width = defaultWidth } = request.query
      const found = { ...(await requirePage(context, id, number)), width }
      const etag = context.pictures.etagOf(found)
      const mark = () => reply.header('etag', etag).header('cache-control', caching)
      if (isKnown(request, etag)) return mark().code(304).send(null)
      const requester = { holder: holderOf(request), isWanted: () => isAwaited(context, reply) }
      const picture = await context.pictures.get(found, requester)
      return mark().type('image/webp').send(picture)
    },
  )
}
