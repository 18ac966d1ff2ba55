import { Type } from '@sinclair/typebox'
import {
  answerOf,
  documentParams,
  refTo,
  retryAfterHeader,
  waitSeconds,
} from '../../schemas/common.ts'
import { documentViewSchema } from '../../schemas/document.ts'
import { waitUntil } from '../../state/wait.ts'
import { isAwaited, type App, type Context } from '../context.ts'
import { latestOf, requireDocument } from './find.ts'

/** `GET /v1/documents/{id}`. */
export function getDocumentRoute(app: App, context: Context): void {
  app.get(
    '/v1/documents/:id',
    {
      config: { scope: 'read', problems: ['unknown_document'] },
      schema: {
        operationId: 'getDocument',
        summary: "Get a document's status",
        description:
          'With `wait`, the response is sent when the document is finished or the time is over.',
        tags: ['Documents'],
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
