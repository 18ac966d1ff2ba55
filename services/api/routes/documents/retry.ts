import { mayReadBetter } from '../../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { answerOf, refTo } from '../../schemas/common.ts'
import { documentViewSchema } from '../../schemas/document.ts'
import { admissionProblems, commandProblems } from '../../schemas/problem-codes.ts'
import { requireFreeFolder, requireRun, type App, type Context } from '../context.ts'
import { documentActionSchema } from './action.ts'
import { requireDocument } from './find.ts'

/** `POST /v1/documents/{id}/retry`. */
export function retryDocumentRoute(app: App, context: Context): void {
  app.post(
    '/v1/documents/:id/retry',
    {
      config: {
        scope: 'submit',
        problems: [
          'unknown_document',
          'unknown_run',
          'not_finished',
          'already_finished',
          'expired',
          'run_active',
          ...admissionProblems,
          ...commandProblems,
        ],
      },
      schema: {
        ...documentActionSchema(
          'retryDocument',
          'Retry a document',
          'Reads a failed or cancelled document again, or pages with the warning `reading_given_up`: their text stays unless it gets better.',
        ),
        response: { 202: answerOf('The document, queued again.', refTo(documentViewSchema)) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { status, outcome, warnings, expiresAt } = await requireDocument(context, id)
      await context.ownership.requireDocument(callerOf(request), id, 'any')
      if (status !== 'finished')
        throw new ScriptoriumError('not_finished', 'the document is not finished')
      const row = context.ledger.get().documents.get(id)
      if (row?.expiredAt != null) {
        throw new ScriptoriumError(
          'expired',
          `the input was deleted at ${expiresAt}; upload the file again`,
        )
      }
      const isRead = outcome === 'succeeded' || outcome === 'empty' || outcome === 'duplicate'
      if (isRead && !mayReadBetter(warnings)) {
        const message = 'the document was read; to read it again, upload it with the option `force`'
        throw new ScriptoriumError('already_finished', message)
      }
      if (row !== undefined)
        requireFreeFolder(context, (await requireRun(context, row.runId)).request)
      await context.admission.require(callerOf(request))
      await context.command({ kind: 'retryDocument', documentId: id })
      return reply.code(202).send(await requireDocument(context, id))
    },
  )
}
