import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { answerOf, refTo } from '../../schemas/common.ts'
import { documentViewSchema } from '../../schemas/document.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import { waitUntil } from '../../state/wait.ts'
import type { App, Context } from '../context.ts'
import { documentActionSchema } from './action.ts'
import { latestOf, requireDocument } from './find.ts'

const recordSeconds = 5

/** `POST /v1/documents/{id}/cancel`. */
export function cancelDocumentRoute(app: App, context: Context): void {
  app.post(
    '/v1/documents/:id/cancel',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_document', 'already_finished', ...commandProblems],
      },
      schema: {
        ...documentActionSchema(
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
}
