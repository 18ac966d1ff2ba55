import { Type } from '@sinclair/typebox'
import {
  boundedList,
  idText,
  messageText,
  pathText,
} from '../../../../shared/contract/schema/bounded.ts'
import { countOf, described, documentIdText } from '../../../../shared/contract/schema/described.ts'
import { scrub } from '../../../../shared/process/host-paths.ts'
import type { FailureCount } from '../../../ledger/queries/document-counts.ts'
import { runParams } from '../../schemas/common.ts'
import { requireRun, type App, type Context } from '../context.ts'

const examples = 3
const maxCodes = 200

const failureSchema = Type.Object(
  {
    code: described(idText, 'Error code.', 'corrupt_image'),
    count: countOf('Documents of the run that ended with it.', 118),
    examples: described(
      boundedList(
        Type.Object(
          {
            id: documentIdText,
            name: described(pathText, 'File name or path of the document.', '2024/invoice.tif'),
            message: described(messageText, 'Explanation for people.', 'the image is truncated'),
          },
          { title: 'FailedDocument', description: 'A document with this error.' },
        ),
        examples,
      ),
      'The newest of them.',
    ),
  },
  { title: 'FailureGroup', description: 'Documents of a run with one error code.' },
)

/** `GET /v1/runs/{id}/failures`. */
export function runFailuresRoute(app: App, context: Context): void {
  app.get(
    '/v1/runs/:id/failures',
    {
      config: { scope: 'read', problems: ['unknown_run', 'aggregator_missing'] },
      schema: {
        operationId: 'listRunFailures',
        summary: "List a run's failures by error code",
        description:
          'All documents of the run that ended with an error, cancelled ones among them, counted by error code: the most frequent first.',
        tags: ['Runs'],
        params: runParams,
        response: {
          200: Type.Object(
            { items: described(boundedList(failureSchema, maxCodes), 'Failures by error code.') },
            { description: 'Failures by error code.' },
          ),
        },
      },
    },
    async ({ params }) => {
      const { id } = await requireRun(context, params.id)
      const { documents, submissions } = context.ledger.get()
      const records = submissions.hasAny(id) ? submissions : documents
      const items = failuresOf(context, id)
        .slice(0, maxCodes)
        .map(({ code, count }) => ({
          code,
          count,
          examples: records.latestFailed(id, code, examples).map((row) => ({
            id: row.id,
            name: row.path,
            message: scrub(row.error?.message ?? ''),
          })),
        }))
      return { items }
    },
  )
}

/** Failures of a run by error code. */
export function failuresOf({ ledger }: Context, runId: string): FailureCount[] {
  const { documents, submissions } = ledger.get()
  return (submissions.hasAny(runId) ? submissions : documents).countFailures(runId)
}
