import { Type } from '@sinclair/typebox'
import { described } from '../../../../shared/contract/schema/described.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { callerOf } from '../../http/auth.ts'
import { commandProblems } from '../../schemas/problem-codes.ts'
import type { App, Context } from '../context.ts'
import { documentActionSchema } from './action.ts'
import { requireDocument } from './find.ts'

/** `DELETE /v1/documents/{id}`. */
export function deleteDocumentRoute(app: App, context: Context): void {
  app.delete(
    '/v1/documents/:id',
    {
      config: {
        scope: 'submit',
        problems: ['unknown_document', 'not_finished', ...commandProblems],
      },
      schema: {
        ...documentActionSchema(
          'deleteDocument',
          'Delete a document',
          'Deletes the record, the text and, for an upload, the input file.',
        ),
        response: { 204: described(Type.Null(), 'The document is deleted.') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { status } = await requireDocument(context, id)
      await context.ownership.requireDocument(callerOf(request), id, 'all')
      if (status !== 'finished') {
        throw new ScriptoriumError('not_finished', 'the document is not finished; cancel it first')
      }
      await context.command({ kind: 'deleteDocument', documentId: id })
      return reply.code(204).send(null)
    },
  )
}
