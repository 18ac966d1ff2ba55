import { documentParams } from '../../schemas/common.ts'

/** The schema of an action on a document; the response is the document. */
export const documentActionSchema = (
  operationId: string,
  summary: string,
  description: string,
) => ({
  operationId,
  summary,
  description,
  tags: ['Documents'],
  params: documentParams,
})
